"""What a run is: one frozen model whose fields draw the form, check the command line and seed the run."""

from pydantic import ConfigDict, field_serializer, model_validator

from core.config import extensions as added_epochs
from core.config.applicable_steps import split_step
from core.config.defaults import chosen, epochs_for
from core.config.extensions import Extension
from core.config.fields import NETWORK, spec
from core.config.genes import Genes
from core.config.layers import network
from core.config.matrix_kinds import KIND_WORDS
from core.config.models import MODELS, PROTEIN_WEIGHT
from core.config.network import Network
from core.config.preprocessing import Prepare
from core.config.training import Training
from core.errors import UserError
from core.text import listed

SPLIT_NAMES = ("train", "valid", "test")  # in the order of the labels in split.npy

# Settings of Network and Training that came later, as runs of earlier versions had them: a whole record of such a run
# does not have them.
ADDED = {"split_by": None, "metric": "euclidean"}
FEWEST_DIRECTIONS = (
    4  # latent dimensions; in fewer, which are drawn as they are, cells of many types share a direction
)
REPLACED = {"normalize": True, "log1p": True, "scale_exponent": 1.0}  # by Pearson residuals
MIN_HELD_OUT = 20  # cells; a score of fewer means nothing


class RunConfig(
    Training, Network, Prepare, Genes
):  # the fields come in the order of genes, prepare, network ...
    """All settings of a run. Every field has an effect; an unknown one is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False)

    # No settings of a form: they come from buttons, and a repeat of the run needs them.
    extensions: tuple[Extension, ...] = ()
    start_from: str = (
        ""  # the id or the folder of the run whose weights training starts from; "": fresh weights
    )

    @field_serializer("extensions")
    def _as_list(self, extensions):
        return [extension.model_dump() for extension in extensions]

    @model_validator(mode="before")
    @classmethod
    def _of_a_record(cls, values):
        name = values.get("model") if isinstance(values, dict) else None
        record = MODELS.get(name) if isinstance(name, str) else None
        if record is None:
            return values
        later = {name for known in MODELS.values() for name in known.before} | ADDED.keys()
        others = (Network.model_fields.keys() | Training.model_fields.keys()) - later
        return ADDED | record.before | values if others <= values.keys() else values

    @model_validator(mode="after")
    def _shares_fit(self):
        if self.train_share + self.valid_share > 1 + 1e-9:
            raise ValueError("training and validation shares together must not exceed 1; lower one of them")
        if self.weight_rna == 0 and self.weight_protein == 0:
            raise ValueError(
                "the RNA and protein weights are both 0, so there is nothing to learn; increase one of them"
            )
        return self

    @model_validator(mode="after")
    def _extensions_follow(self):
        added_epochs.check(self.extensions, self.epochs)
        return self

    @model_validator(mode="after")
    def _batches_are_trained(self):
        if self.split_by and self.split_by == self.batch_key:
            raise ValueError(
                f"the batch covariate and the column to split by are both '{self.split_by}', so the model could not "
                "learn the batches that are held out; change one of them"
            )
        return self

    @model_validator(mode="after")
    def _obeyed(self):
        for field in specs():
            if field.models and self.model not in field.models and getattr(self, field.name) != field.default:
                raise ValueError(
                    f"{field.name} has no effect on the model {self.model}, only on {listed(field.models)}; leave it out"
                )
        return self

    @model_validator(mode="after")
    def _residuals_are_not_scaled(self):
        if self.gene_transform != "log":
            for name, default in REPLACED.items():
                if getattr(self, name) != default:
                    raise ValueError(
                        f"{name} has no effect where genes are transformed to Pearson residuals (gene_transform); leave it out"
                    )
        return self

    @property
    def model_record(self):
        """All that is said of the model of this run (`core.config.models`)."""
        return MODELS[self.model]

    @property
    def has_linear_path(self):
        """Is the output given the latent dimensions beside the hidden units?"""
        return "linear_path" in self.model_record.settings and self.linear_path

    @property
    def noise_on_latent(self):
        """Standard deviations of noise on the latent dimensions in training; 0 of models without it."""
        return self.latent_noise if "latent_noise" in self.model_record.settings else 0.0

    @property
    def loss_label(self):
        """What the loss of this model is, for the axis of a plot."""
        return (
            f"{self.model_record.loss} of the molecules not seen"
            if self.splits_counts
            else self.model_record.loss
        )

    @property
    def splits_counts(self):
        """Does the encoder see one part of the counts and the model predict the other? `for_data` knows if they are counts."""
        return self._wants_split and split_step("counts", self.batch_key, self.modalities).applies

    @property
    def _wants_split(self):
        return "target" in self.model_record.settings and self.target == "split"

    def target_step(self, kind):
        """The Step of splitting counts for values of this kind under these settings: does it apply, and why not."""
        return split_step(kind, self.batch_key, self.modalities)

    def weight_of(self, part):
        """The weight of a part of the loss, "rna" or "protein"; 1 for proteins alone.

        For proteins it is that of squared errors until `for_data` has set one.
        """
        if part == "protein" and self.modalities == "protein":
            return 1.0
        weight = getattr(self, f"weight_{part}")
        return PROTEIN_WEIGHT if weight is None else weight

    def split_sizes(self, n_cells):
        """(training, validation, test) cells of `n_cells`: at least 20 for validation, and 20 for the test or none."""
        n_valid = min(max(round(n_cells * self.valid_share), MIN_HELD_OUT), max(1, n_cells // 3))
        n_test = n_cells - round(n_cells * self.train_share) - n_valid
        n_test = n_test if n_test >= MIN_HELD_OUT else 0
        return n_cells - n_valid - n_test, n_valid, n_test

    def n_epochs(self, n_train):
        """The number of passes over `n_train` cells before extensions: `epochs`, or enough for the steps of `chosen`."""
        if self.epochs is not None:
            return self.epochs
        defaults = chosen(n_train)
        return epochs_for(defaults.steps, n_train, self.batch_size or defaults.batch_size)

    def for_data(self, n_cells, n_genes, n_proteins=0, kind="counts", gene_variance=1.0):
        """The same settings, empty ones set (`core.config.defaults`) for this number of cells, genes and proteins.

        The target is "whole" where values of this `kind` or the other settings do not let counts be split, and the metric
        "euclidean" in up to 3 latent dimensions.
        `gene_variance`: the mean variance of the genes as the model sees them, which the weight of proteins follows.
        """
        n_train, _, _ = self.split_sizes(n_cells)
        defaults = chosen(n_train, n_genes + n_proteins)
        empty = {name: getattr(defaults, name) for name in ("n_latent", "n_hidden", "batch_size")}
        empty["dropout"] = self.model_record.dropout
        empty["weight_protein"] = self.model_record.protein_weight(n_genes, n_proteins, gene_variance)
        update = {name: value for name, value in empty.items() if getattr(self, name) is None}
        if self._wants_split and not self.target_step(kind).applies:
            update["target"] = "whole"
        if update.get("n_latent", self.n_latent) < FEWEST_DIRECTIONS:
            update["metric"] = "euclidean"
        return self.model_copy(update=update | {"epochs": self.n_epochs(n_train)})

    def check_same_network(self, other):
        """Raise UserError where the weights of a run with these settings do not fit the network of `other`, a RunConfig."""
        names = [
            spec.name
            for spec in specs(NETWORK)
            if spec.name not in ("dropout", "input_dropout", "latent_noise")
        ]
        labels = {spec.name: spec.label for spec in specs(NETWORK)}
        different = [
            f"{labels[name]} is {getattr(other, name)}, and that of the run is {getattr(self, name)}"
            for name in names
            if getattr(self, name) != getattr(other, name)
        ]
        if different:
            raise UserError(
                f"The model differs from that of the run whose weights it should start from: {listed(different)}. Change "
                "the settings, or choose fresh weights."
            )

    def layers(self, n_genes, n_proteins, n_batches=0):
        """The Layers of the network in the order of the data flow; drawings, counts of weights and models come from them.

        `n_batches` is the number of values of the batch covariate, one-hot on both sides; 0 without one.
        """
        return network(self, n_genes, n_proteins, n_batches)

    def check_against(self, n_genes, n_proteins, kind="counts"):
        """Raise UserError if these settings cannot be used with so many features of this kind."""
        if self.model_record.reads_counts and kind != "counts" and n_genes:
            raise UserError(
                f"The model {self.model} needs raw counts, and this dataset holds {KIND_WORDS[kind]}: choose another model, or "
                'add a file with counts (in X, in layers["counts"] or in raw.X).'
            )
        if n_genes == 0 and self.modalities != "protein":
            raise UserError(
                "No gene is left to train on: increase the number of variable genes, or check the file."
            )
        if self.weight_rna == 0 and not n_proteins:
            raise UserError(
                "The RNA weight is 0 and there are no proteins, so there is nothing to learn: increase it."
            )
        if n_genes + n_proteins < 2:
            way = (
                "increase the number of variable genes, or use a file with more" if n_genes else "add the RNA"
            )
            raise UserError(
                f"Only one {'gene' if n_genes else 'protein'} is left to train on, and at least two features are needed: {way}."
            )
        if self.n_latent is not None and self.n_latent >= n_genes + n_proteins:
            raise UserError(
                f"{self.n_latent} latent dimensions for {n_genes + n_proteins} features would only copy the data: "
                f"choose fewer than {n_genes + n_proteins}, for example {max(1, (n_genes + n_proteins) // 10)}."
            )


def specs(part=None):
    """The Spec of each setting of RunConfig in order, those of one part or all."""
    fields = [spec(name, info) for name, info in RunConfig.model_fields.items() if info.json_schema_extra]
    return [s for s in fields if part in (None, s.part)]


def setting_rows(config):
    """[label, value as text, unit] of each setting that the model of a RunConfig obeys."""
    rows = []
    for field in specs():
        if field.models and config.model not in field.models:
            continue
        value = getattr(config, field.name)
        if isinstance(value, bool):
            shown = "yes" if value else "no"
        elif isinstance(value, int | float):
            shown = f"{value:,.10g}"
        else:
            shown = value or "–"
        rows.append([field.label, shown, field.unit])
    return rows
