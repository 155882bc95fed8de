"""Errors whose text is shown to the user, and the message of a job that ran out of memory."""

import errno
import re
import traceback
import zlib
from pathlib import Path
from types import ModuleType


class UserError(ValueError):
    """A mistake that the user can correct: its text is one sentence that says what is wrong and what to do.

    Raised where the mistake is first known. The command line prints it and exits with 2, a page shows
    it as a notice, the worker makes it the message of the job. Any other exception is a bug and keeps its traceback.
    """


class Question(UserError):
    """A question that only the user can answer, such as which genome is meant: its text asks, `choices` are the answers.

    `asks` is the option that takes the answer, `choices` are (value, words), and `default` is the
    likely answer by the file. `sure` is true where the file is clear enough to continue without asking.
    """

    def __init__(self, sentence, asks, choices, default=None, sure=False):
        super().__init__(sentence)
        self.asks, self.choices, self.default, self.sure = asks, tuple(choices), default, sure

    def record(self):
        """The question as a JSON-able dict."""
        return {
            "sentence": str(self),
            "asks": self.asks,
            "choices": [list(choice) for choice in self.choices],
            "default": self.default,
            "sure": self.sure,
        }


class DoesNotFit(UserError, MemoryError):
    """Memory ran out, and the sentence names what did not fit."""


class OwnError(UserError):
    """An error of Nuwa itself, shown as a sentence with the number under which `trace`, its traceback, is logged."""

    trace = ""

    @classmethod
    def of(cls, error, name):
        """The OwnError of an exception that stopped the reading of the file `name`."""
        trace = "".join(traceback.format_exception(error))
        number = f"{zlib.crc32(trace.encode()):08x}"
        made = cls(
            f"An error of Nuwa stopped the reading of '{name}' (logged as {number}): report this number to whoever runs the"
            " server."
        )
        made.trace = f"{number}: {trace}"
        return made


OWN = Path(__file__).parent
MISTAKES = (NameError, AssertionError, NotImplementedError, ImportError)
CALLS = re.compile(
    r"required (?:positional|keyword-only) argument|unexpected keyword argument|positional arguments? but|multiple values"
)


def is_own(error) -> bool:
    """Whether an exception is a mistake in our code: raised by a line of ours, and of a kind that no file causes.

    These are unknown names, wrong calls, and attributes that our own modules and classes lack. In a damaged file a group
    may be a number, so an attribute that h5py's objects lack, or a number that is none, is the file's fault.
    """
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or OWN not in Path(frames[-1].filename).parents:
        return False
    if isinstance(error, AttributeError):
        ours = error.obj if isinstance(error.obj, type | ModuleType) else type(error.obj)
        return isinstance(ours, ModuleType) or ours.__module__.partition(".")[0] == OWN.name
    return isinstance(error, MISTAKES) or (isinstance(error, TypeError) and bool(CALLS.search(str(error))))


DISK_FULL = "The disk of the server is full. Free some space, then try again."
_FULL = (errno.ENOSPC, errno.EDQUOT)
# HDF5's and SQLite's errors have the system's words, or their own, but no number.
_FULL_WORDS = ("no space left on device", "disk quota exceeded", "database or disk is full")


def is_disk_full(error):
    """Whether an exception says that there is no room on the disk, or none that this account may use."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    return any(words in str(error).lower() for words in _FULL_WORDS)


OUT_OF_MEMORY = "Memory ran out. Fewer variable genes, a smaller batch or fewer hidden units need less."
WORDS = (
    "out of memory",
    "allocate memory",
)  # CUDA's; torch's on the CPU ("can't") and the system's ("Cannot")


def is_out_of_memory(error):
    """Whether an exception says that memory ran out: Python, torch and the system have different ones."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in WORDS)
