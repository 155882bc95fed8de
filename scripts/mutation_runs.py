"""Runs tests against mutations in forked processes: the libraries are loaded once, and a mutation costs its tests alone.

First each test file is run once unchanged, to learn which tests call which function. A mutation of a function is then held
against the tests that call it, the quickest first; one of a constant against the whole file, with its module imported again.
"""

import contextlib
import os
import pickle
import signal
import sys
import time
from types import CodeType, FunctionType

SECONDS = 300  # for the tests of one mutation; a loop that does not end is noticed
OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "-m", "not slow")
SHARED = ("finished", "new_finished", "with_demo", "bare")  # fixtures that take seconds in each process
LONG = 30.0  # seconds of tests for one mutation, where quicker ones notice nothing


class Watch:
    """A pytest plugin that writes down which functions below core each test calls, and how long it takes."""

    def __init__(self, core):
        self.core, self.seconds, self.calls, self.fixtures = str(core), {}, {}, {}
        self.before = set()  # called while fixtures are made: every later test may rest on it

    def pytest_runtest_setup(self, item):
        self.started, self.now = time.perf_counter(), set()
        sys.setprofile(self._called)

    def pytest_runtest_call(self, item):
        self.before |= self.now

    def pytest_runtest_teardown(self, item):
        sys.setprofile(None)
        self.seconds[item.nodeid] = time.perf_counter() - self.started
        self.calls[item.nodeid] = self.now | self.before
        self.fixtures[item.nodeid] = any(name in SHARED for name in item.fixturenames)

    def _called(self, frame, event, _):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(self.core):
            self.now.add((os.path.relpath(code.co_filename, self.core), code.co_qualname))


def watched(folder, tests):
    """(exit code, {node id: (seconds, slow fixtures?, functions)}) of test files in `folder`, run unchanged."""

    def work():
        import pytest

        watch = Watch(folder / "core")
        code = pytest.main([*OPTIONS, *_paths(tests)], plugins=[watch])
        return int(code), {id: (watch.seconds[id], watch.fixtures[id], watch.calls[id]) for id in watch.calls}

    outcome = forked(work, 3 * SECONDS)
    return (1, {}) if outcome is None else outcome


def selected(calls, mutation):
    """The node ids of the tests that call the function of a Mutation, the quickest first, about LONG seconds of them."""
    key = (mutation.file, mutation.function)
    rows = sorted((slow, seconds, id) for id, (seconds, slow, called) in calls.items() if key in called)
    chosen, total = [], 0.0
    for slow, seconds, id in rows:
        if chosen and (slow or total + seconds > LONG):
            break
        chosen.append(id)
        total += seconds
    return chosen


def outcome(folder, mutation, calls):
    """("noticed", "survived", "timed out" or "no test calls it", seconds) of a Mutation, its tests run in `folder`."""
    tests = selected(calls, mutation) if mutation.function else _paths(mutation.tests)
    if not tests:
        return "no test calls it", 0.0
    started = time.perf_counter()

    def work():
        import pytest

        module = f"core.{mutation.file.removesuffix('.py').replace('/', '.')}"
        if mutation.function and swap(sys.modules.get(module), mutation.function, source):
            return int(pytest.main([*OPTIONS, *tests]))
        for name, loaded in list(sys.modules.items()):
            if (getattr(loaded, "__file__", None) or "").startswith(f"{folder}{os.sep}"):
                del sys.modules[name]
        return int(pytest.main([*OPTIONS, *tests]))

    path = folder / "core" / mutation.file
    before = path.read_text()
    source = mutation.source()
    path.write_text(source)
    try:
        code = forked(work, SECONDS)
    finally:
        path.write_text(before)
    seconds = round(time.perf_counter() - started, 1)
    return ("timed out" if code is None else "noticed" if code else "survived"), seconds


def swap(module, function, source):
    """Give a loaded function the code of its mutation; False where it is compiled or not loaded, and must be imported again."""
    thing = module
    for name in function.split("."):
        thing = getattr(thing, name, None)
    if thing is None or hasattr(thing, "py_func"):
        return False
    for wrapper in ("fget", "__func__", "__wrapped__"):  # of a property, a class method, a decorated function
        thing = getattr(thing, wrapper, thing)
    codes = _codes(compile(source, module.__file__, "exec"))
    code = next((one for one in codes if one.co_qualname == function), None)
    if not isinstance(thing, FunctionType) or code is None:
        return False
    if len(code.co_freevars) != len(thing.__code__.co_freevars):
        return False
    thing.__code__ = code
    return True


def _codes(code):
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def forked(work, seconds):
    """What `work()` returns, from a child process that is killed after so many seconds; None then, or where it died."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        _answer(work, write)
    os.close(write)
    ends, content = time.monotonic() + seconds, b""
    with os.fdopen(read, "rb") as pipe:
        os.set_blocking(pipe.fileno(), False)
        while time.monotonic() < ends:
            part = pipe.read()
            if part == b"":
                break
            content += part or b""
            time.sleep(0.02)
        else:
            content = b""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return pickle.loads(content) if content else None


def _answer(work, write):
    """In the child: write the pickled answer, and end without Python's own ending."""
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        content = pickle.dumps(work())
    except BaseException:
        content = b""
    with os.fdopen(write, "wb") as pipe:
        pipe.write(content)
    os._exit(0)


def _paths(tests):
    return [f"tests/{name}" for name in tests.split()]


def load(folder, tests):
    """Load in this process what the test files and their fixtures load, so that no child has to."""
    os.chdir(folder)
    sys.path[:0] = [str(folder), str(folder / "tests")]
    import pytest

    with contextlib.redirect_stdout(open(os.devnull, "w")):
        pytest.main(
            ["--collect-only", "-q", "-p", "no:cacheprovider", *sorted({p for t in tests for p in _paths(t)})]
        )
