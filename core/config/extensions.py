"""Extensions of a run: epochs that were added to it after its training had ended, each under a schedule of its own."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LOWER = (
    1 / 3
)  # the peak of an extension's learning rate as a share of the run's: its weights are near a minimum


class Extension(BaseModel):
    """Epochs added after epoch `after`; the learning rate follows `schedule` over them, with the peak `lr`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    after: int = Field(ge=1, le=1_000_000)
    epochs: int = Field(ge=1, le=10_000)
    schedule: Literal["onecycle", "constant", "cosine"] = "onecycle"
    lr: float = Field(gt=0, le=10)


def check(extensions, epochs):
    """Raise ValueError unless each of the extensions begins where training before it may have ended.

    `epochs` is the number of the run before its first extension, or None.
    """
    first, last = 1, epochs
    for extension in extensions:
        if extension.after < first or (last is not None and extension.after > last):
            raise ValueError(
                f"an extension begins after epoch {extension.after}, where training cannot have ended; remove it"
            )
        first, last = extension.after + 1, extension.after + extension.epochs
