"""The models by name: one frozen record each, which says all that the rest of the program asks about a model.

No other file knows a model by its name. A new model is a file in `core.models` and a record here (docs/models.md).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from core.text import listed

# Beside 1 for RNA, of squared errors: so a dozen proteins still count beside thousands of genes.
PROTEIN_WEIGHT = 0.3
GAUSSIAN = ("beta", "beta_warm_up")  # the settings of every model with a Gaussian latent space
SPLIT = ("target", "split_share")  # those of every model that can be trained on split counts


def _no_heads(config, branch):
    return ()


@dataclass(frozen=True)
class ModelRecord:
    """One model: where it is implemented, how it is trained, and how pages and papers describe it."""

    name: str  # as `--model` and saved runs have it
    module: str  # "module:Class" as text, so that a form can list models without loading torch
    help: str  # a sentence for the form
    methods: (
        str  # for the methods paragraph; {branches}, {genes} and {proteins} are filled where a run has them
    )
    settings: tuple[str, ...] = ()  # settings that only some models obey, of which this one does
    reads_counts: bool = (
        False  # the loss is a negative log-likelihood of the raw counts, and `expected` gives counts
    )
    variational: bool = (
        False  # the latent of a cell is a Gaussian: `latent_log_variance` in the network, "kl" in the loss
    )
    linear_decoder: bool = False  # no hidden layers in the decoder, and `loadings`
    sparse_ends: bool = (
        False  # takes the genes of a minibatch as `core.sparse.minibatch.Batch`, and its squared error too
    )
    dropout: float = 0.0  # where the field is empty
    # What settings were when they did not exist yet: a complete record of a run without them was trained so.
    before: dict = field(default_factory=dict)
    heads: Callable = _no_heads  # (config, branch) -> names of the parts of a decoder beside its output

    @property
    def loss(self):
        """The loss in words, for the axis of a plot."""
        return "negative log-likelihood, nats" if self.reads_counts else "mean squared error"

    @property
    def pca(self):
        """What the baseline PCA is for this loss, in words."""
        if self.reads_counts:
            return "PCA turned back into counts, which is not the best linear model of counts"
        return "PCA, the best linear model of this size"

    def protein_weight(self, n_genes, n_proteins, gene_variance=1.0):
        """The weight of the protein loss where the field is empty.

        A squared error grows with the variance of the values, so the weight follows the mean variance of the genes
        beside proteins of unit variance.

        A likelihood adds up nats, and a nat of a protein counts as much as a nat of a gene: as each part is a mean over
        its own features, the weight is their number over that of the genes. With more, the model would rather explain
        proteins by backgrounds of each cell's own than keep those near their level over all cells, and foreground
        would mean nothing.
        """
        if self.reads_counts and n_genes and n_proteins:
            return n_proteins / n_genes
        return PROTEIN_WEIGHT * gene_variance


MODELS: dict[str, ModelRecord] = {}
DEFAULT = "citeseq"
DEFAULTS_BY_MODEL = (
    "dropout",
    "weight_protein",
)  # settings whose empty field means another value for each model


def register(record):
    """Add a model; raises ValueError where there is one of this name."""
    if record.name in MODELS:
        raise ValueError(f"There is a model {record.name} already.")
    MODELS[record.name] = record
    return record


def names():
    """All models, in the order of the form."""
    return tuple(MODELS)


def that_obey(setting):
    """The models that obey a setting, in order; empty for a setting that all obey."""
    return tuple(name for name, record in MODELS.items() if setting in record.settings)


def descriptions():
    """A sentence on each model, for the form and the command line."""
    return " ".join(f"{record.name.capitalize()}: {record.help}" for record in MODELS.values())


def dropouts():
    """The help of the dropout field."""
    some = [f"{record.dropout:g} for {name}" for name, record in MODELS.items() if record.dropout]
    others = "none for the others" if len(some) < len(MODELS) else ""
    return (
        "Share of hidden units set to zero in each step; reduces over-fitting. "
        f"Empty: {listed([*some, others] if others else some)}."
    )


def _count_heads(config, branch):
    """`log_theta` is a vector without an input; `output_*` are linear maps of the last hidden layer."""
    if branch == "protein":
        return (
            *("log_theta", "output_background", "output_background_spread", "output_mixing"),
            *("prior_mean", "prior_log_sd"),
        )
    return ("log_theta", "output_rna_loss") if config.zero_inflated else ("log_theta",)


# Dropout is measured (bench/README.md, "Why these defaults"): with it, citeseq's neighbours agree better with labels;
# variational's clusters became worse, and the other two did not change beyond chance.
register(
    ModelRecord(
        name="citeseq",
        module="core.models.citeseq:Citeseq",
        help="a branch for RNA and one for protein (absent without proteins) that meet in one latent space.",
        methods="an autoencoder{branches}",
        settings=("linear_path", "latent_noise", *SPLIT),
        sparse_ends=True,
        dropout=0.1,
        before={"linear_path": False, "latent_noise": 0.0, "target": "whole", "split_share": 0.5},
    )
)
register(
    ModelRecord(
        name="variational",
        module="core.models.variational:Variational",
        help="the same with a Gaussian latent space, smoother and harder to over-fit.",
        methods="a variational autoencoder (Kingma 2014){branches}",
        settings=(*GAUSSIAN, *SPLIT),
        variational=True,
        sparse_ends=True,
        before={"target": "whole", "split_share": 0.5},
    )
)
register(
    ModelRecord(
        name="linear",
        module="core.models.variational:Linear",
        help="variational, with a linear decoder whose loadings say which genes make each dimension.",
        methods="a variational autoencoder with a linear decoder (Svensson 2020; Kingma 2014)",
        settings=(*GAUSSIAN, *SPLIT),
        variational=True,
        linear_decoder=True,
        sparse_ends=True,
        before={"target": "whole", "split_share": 0.5},
    )
)
register(
    ModelRecord(
        name="counts",
        module="core.models.counts:Counts",
        help="variational, trained by the likelihood of the raw counts (negative binomial; protein as background and "
        "foreground); three times as slow. With raw protein counts it was closest to cell-type labels on the one dataset "
        "that we measured; by RNA alone it was behind on others.",
        methods="a variational autoencoder whose decoder gives the likelihood of raw counts{genes}{proteins}",
        settings=(*GAUSSIAN, "zero_inflated"),
        reads_counts=True,
        variational=True,
        heads=_count_heads,
    )
)
