"""A helper process: compiles numba code and computes the input's UMAP while the model trains.

A process and not a thread: numba compiles, and UMAP runs, with Python's global lock held, which would stop training in
the same process. Compiled code goes into numba's cache on disk, where the training process finds it.
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
    """A function of core and its arguments: running in the helper process, if there is a Future, or to be run here."""

    def __init__(self, function, arguments, future=None):
        self._function, self._arguments, self._future = function, arguments, future

    @property
    def ready(self):
        """Is the result there without waiting?"""
        return self._future is not None and self._future.done() and self._future.exception() is None

    def value(self):
        """The function's result; computed here where the helper process has died.

        Tasks ahead of it are waited for: loading and compiling in this process would take longer.
        """
        if self._future is not None:
            try:
                return self._future.result()
            except (RuntimeError, OSError, EOFError, pickle.UnpicklingError):
                pass  # an error of the function itself is raised below
        return self._function(*self._arguments)


class NoHelper:
    """Without a helper process: a task runs where its value is needed."""

    def do(self, function, *arguments):
        return Task(function, arguments)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class HelperProcess:
    """A helper process that runs functions of core in order; leaving its `with` ends it at once."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "core.analysis.side_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # an error is an answer, and the task is run again here
            cwd=Path(__file__).resolve().parents[2],
            start_new_session=True,  # Ctrl-C is for this process alone
        )
        self._talk = ThreadPoolExecutor(1, thread_name_prefix="aside")

    def do(self, function, *arguments):
        """The Task of `function(*arguments)`; all of these must be importable or picklable."""
        return Task(function, arguments, self._talk.submit(self._exchange, function, arguments))

    def _exchange(self, function, arguments):
        pickle.dump((function, arguments), self._process.stdin, protocol=5)
        self._process.stdin.flush()
        # Only our own child writes into this pipe.
        succeeded, result = pickle.load(self._process.stdout)  # nosec B301
        if not succeeded:
            raise RuntimeError(result)
        return result

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._talk.shutdown(cancel_futures=True)  # a task that runs ends with the process
        with suppress(BrokenPipeError):  # a task that is half sent
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def opened(n_cells):
    """A HelperProcess for a run on so many cells where that pays, else NoHelper; to be used in a `with`.

    The HelperProcess begins by compiling what training, clustering and UMAP need.
    """
    from core.training.memory import helper_pays  # loads torch, which the helper process does without

    if not helper_pays(n_cells):
        return NoHelper()
    helper = HelperProcess()
    helper.do(warm_up)
    return helper


def serve(questions, answers):
    """The loop of the helper process: a result for each task, until its input ends."""
    while True:
        try:
            # Only our own parent writes into this pipe.
            function, arguments = pickle.load(questions)  # nosec B301
        except EOFError:
            return
        try:
            answer = True, function(*arguments)
        except Exception as error:  # the edge of this process: the error is the answer
            answer = False, f"{type(error).__name__}: {error}"
        pickle.dump(answer, answers, protocol=5)
        answers.flush()


if __name__ == "__main__":
    private = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not mix with the results
    serve(sys.stdin.buffer, private)
