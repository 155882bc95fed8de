"""What a run was trained with and what came of it, as the database and config.json keep it."""

from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict


class Parts(NamedTuple):
    """A loss in its parts: `rna` and `protein` are means over their own features, None without any; `total` is weighted."""

    total: float
    rna: float | None = None
    protein: float | None = None


class Baselines(NamedTuple):
    """The same loss of simple models on one set of cells; `pca_rna` is a PCA of RNA alone (None where
    the run has one modality).

    Where counts are split all predict the part that is not seen, `pca_size` is the number of dimensions with which PCA
    does that best, and `regression` is a reduced-rank regression from one part to the other; else both are None.
    """

    mean: Parts
    pca: Parts
    pca_rna: float | None = None
    regression: Parts | None = None
    pca_size: int | None = None

    def record(self):
        """As JSON can hold them."""
        record = {"mean": self.mean._asdict(), "pca": self.pca._asdict(), "pca_rna": self.pca_rna}
        if self.regression:
            record |= {"regression": self.regression._asdict(), "pca_size": self.pca_size}
        return record

    @classmethod
    def read(cls, record):
        """The Baselines that `record` wrote."""
        regression = record.get("regression")
        return cls(
            Parts(**record["mean"]),
            Parts(**record["pca"]),
            record.get("pca_rna"),
            Parts(**regression) if regression else None,
            record.get("pca_size"),
        )


class BatchMixing(NamedTuple):
    """How the batches of an obs `column`, no batch covariate of the run, mix in its latent space: the median iLISI.

    It lies between 1 (each batch apart) and `mixed`, that of batches of these sizes that are mixed by chance.
    """

    column: str
    ilisi: float
    batches: int
    mixed: float

    @property
    def share(self):
        """How far the batches mix: 0 (not at all) to about 1 (as by chance)."""
        return (self.ilisi - 1) / max(self.mixed - 1, 1e-9)

    @property
    def apart(self):
        """Do cells of one batch stay together, so that clusters are split by it?"""
        return self.share < LEAST_MIXED


LEAST_MIXED = 0.5  # half way between batches that are apart and batches that are mixed by chance


class RunFacts(BaseModel):
    """Facts of a run: those before the first epoch, and those that training added (with defaults until then)."""

    model_config = ConfigDict(frozen=True)

    device_used: str = ""
    device_name: str = ""
    device_why: str = ""
    threads: int = 0
    n_epochs: int = 0
    n_done: int | None = None  # epochs trained; known to a report alone, where a run may have been stopped
    n_cells: int = 0
    n_genes: int = 0
    n_proteins: int = 0
    n_unseen_proteins: int = 0
    groups: tuple[str, ...] = ()  # values of the batch covariate
    path: str = ""  # how minibatches are read: core.training.dataloader
    n_train: int = 0
    n_valid: int = 0
    n_test: int = 0
    notes: tuple[str, ...] = ()
    valid_baselines: Baselines  # on the validation cells
    test_baselines: Baselines  # on the test cells, or the validation cells where there is no test set
    training_since: float | None = None  # seconds since 1970
    data_hash: str | None = None
    best_epoch: int | None = None
    loss: Parts | None = None  # of the kept weights on the cells of test_baselines
    held_out: dict[str, Any] = {}
    loss_groups: dict[str, Any] = {}  # core.training.loss_groups.LossGroups
    loss_difference: tuple[float, float | None] | None = (
        None  # the loss above PCA's on these cells, and its standard error
    )
    happened: tuple[str, ...] = ()
    pca_share: tuple[float, ...] = ()
    count_baselines: str = (
        ""  # "likelihood" where those of a count model are scaled to the counts; before, PCA's were too low
    )
    phases: dict[str, float] = {}
    mixing: tuple[
        BatchMixing, ...
    ] = ()  # of columns that may name batches, the least mixed first; no batch covariate

    def record(self):
        """As JSON can hold them, under the keys of the first version; what is not known is left out."""
        known = self.model_dump(
            mode="json", exclude_none=True, exclude={"valid_baselines", "test_baselines", "loss"}
        )
        losses = {"valid": self.valid_baselines.record(), "judges": self.test_baselines.record()}
        return known | {"yardsticks": losses, "loss": self.loss and self.loss._asdict()}

    @classmethod
    def upgraded(cls, record):
        """The RunFacts of a record of this version or an earlier one; None where a run has none yet."""
        if isinstance(record, cls):
            return record
        if not record:
            return None
        losses = record["yardsticks"]  # the keys of the first version
        known = {
            name: value for name, value in record.items() if name in cls.model_fields and value is not None
        }
        known |= {"loss": Parts(**record["loss"])} if record.get("loss") else {}
        return cls(
            **known,
            valid_baselines=Baselines.read(losses["valid"]),
            test_baselines=Baselines.read(losses["judges"]),
        )
