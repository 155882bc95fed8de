"""The one error that is meant for the person at the screen, and the words for the one that nobody made."""


class UserError(ValueError):
    """A mistake a person can mend: its text is one sentence that says what is wrong and what to do.

    Raised where the mistake is first visible. The command line prints it and exits with 2, a page shows
    it as a notice, the worker makes it the message of the job. Anything else is ours and keeps its traceback.
    """


class Question(UserError):
    """Something only the person knows, such as which genome is meant: its text asks, `choices` are the answers.

    `asks` is the option that takes the answer, `choices` are (value, words), and `default` is the value that
    the file itself speaks for. Where it speaks clearly enough to go on without a person, `sure` is true.
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
    """Memory ran out, and the sentence can say over what: the run failed, nobody made a mistake."""


OUT_OF_MEMORY = "Memory ran out. Fewer variable genes, a smaller batch or fewer hidden units need less."
WORDS = (
    "out of memory",
    "allocate memory",
)  # CUDA's; torch's on the CPU ("can't") and the system's ("Cannot")


def is_out_of_memory(error):
    """Does an exception say that memory ran out? Python, torch and the system each have their own."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in WORDS)
