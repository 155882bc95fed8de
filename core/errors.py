"""The one error that is meant for the person at the screen, and the words for the one that nobody made."""


class UserError(ValueError):
    """A mistake a person can mend: its text is one sentence that says what is wrong and what to do.

    Raised where the mistake is first visible. The command line prints it and exits with 2, a page shows
    it as a notice, the worker makes it the message of the job. Anything else is ours and keeps its traceback.
    """


class DoesNotFit(UserError, MemoryError):
    """Memory ran out, and the sentence can say over what: the run failed, nobody made a mistake."""


OUT_OF_MEMORY = "Memory ran out. Fewer variable genes, a smaller batch or fewer hidden units need less."
WORDS = (
    "out of memory",
    "allocate memory",
)  # CUDA's; torch's on the CPU ("can't") and the system's ("Cannot")


def is_out_of_memory(error):
    """Does an exception say that memory ran out? Python, torch and the system each have their own."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in WORDS)
