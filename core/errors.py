"""Errors whose text is shown to the user, and the message of a job that ran out of memory."""

import traceback
import zlib
from pathlib import Path


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
MISTAKES = (AttributeError, NameError, TypeError, AssertionError, NotImplementedError)


def is_own(error) -> bool:
    """Whether an exception is a mistake in our code: of a kind that values do not cause, and raised by a line of ours.

    What h5py, anndata and the like raise on the way comes from the file.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, MISTAKES) and bool(frames) and OWN in Path(frames[-1].filename).parents


OUT_OF_MEMORY = "Memory ran out. Fewer variable genes, a smaller batch or fewer hidden units need less."
WORDS = (
    "out of memory",
    "allocate memory",
)  # CUDA's; torch's on the CPU ("can't") and the system's ("Cannot")


def is_out_of_memory(error):
    """Whether an exception says that memory ran out: Python, torch and the system have different ones."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in WORDS)
