"""One more process beside the training: it compiles what is not compiled yet, and draws what is known already.

A process and not a thread: numba compiles, and UMAP runs, with Python's one lock held, and a training in the same
process would stand still. What is compiled goes into numba's cache on disk, where the training finds it.
"""

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from core.analysis.warm_up import warm_up


class Task:
    """A function of core and its arguments: at work beside us, if a Future is given, or to be carried out here."""

    def __init__(self, function, arguments, future=None):
        self._function, self._arguments, self._future = function, arguments, future

    @property
    def ready(self):
        """Is the answer there without waiting?"""
        return self._future is not None and self._future.done() and self._future.exception() is None

    def value(self):
        """What the function gives. Where the process beside us has died, it is carried out here.

        A turn that has not come yet is waited for: to load and compile here what is loaded and compiled there takes
        longer than what goes first.
        """
        if self._future is not None:
            try:
                return self._future.result()
            except (RuntimeError, OSError, EOFError, pickle.UnpicklingError):
                pass  # if the work itself is at fault, it will say so here
        return self._function(*self._arguments)


class Here:
    """Beside us is nobody: a task is carried out where its value is asked for."""

    def do(self, function, *arguments):
        return Task(function, arguments)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Aside:
    """Carries out functions of core in their order, in a process of its own; leaving its `with` ends it at once."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "core.analysis.side_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what goes wrong is answered, and carried out once more by the one who asked
            cwd=Path(__file__).resolve().parents[2],
            start_new_session=True,  # Ctrl-C is for the one who asks
        )
        self._talk = ThreadPoolExecutor(1, thread_name_prefix="aside")

    def do(self, function, *arguments):
        """The Task of `function(*arguments)`; all of these have to be importable, or to pickle."""
        return Task(function, arguments, self._talk.submit(self._exchange, function, arguments))

    def _exchange(self, function, arguments):
        pickle.dump((function, arguments), self._process.stdin, protocol=5)
        self._process.stdin.flush()
        good, made = pickle.load(self._process.stdout)
        if not good:
            raise RuntimeError(made)
        return made

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._talk.shutdown(cancel_futures=True)  # a question at work ends with the process
        with suppress(BrokenPipeError):  # a half-sent question
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def opened(n_cells):
    """An Aside for a run on so many cells where that pays, else Here; to be used in a `with`.

    The Aside begins by compiling what training, clustering and UMAP need.
    """
    from core.training.memory import helper_pays  # loads torch, which the helper process does without

    if not helper_pays(n_cells):
        return Here()
    made = Aside()
    made.do(warm_up)
    return made


def serve(questions, answers):
    """The life of that process: an answer for each question, until nobody is there to ask."""
    while True:
        try:
            function, arguments = pickle.load(questions)
        except EOFError:
            return
        try:
            answer = True, function(*arguments)
        except Exception as error:  # the edge of this process: the one who asked is told
            answer = False, f"{type(error).__name__}: {error}"
        pickle.dump(answer, answers, protocol=5)
        answers.flush()


if __name__ == "__main__":
    private = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not mix with the answers
    serve(sys.stdin.buffer, private)
