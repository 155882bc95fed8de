"""The one error that is meant for the person at the screen."""


class UserError(ValueError):
    """A mistake a person can mend: its text is one sentence that says what is wrong and what to do.

    Raised where the mistake is first visible. The command line prints it and exits with 2, a page shows
    it as a notice, the worker makes it the message of the job. Anything else is ours and keeps its traceback.
    """
