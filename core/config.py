"""What a run is: one frozen model whose fields draw the form, check the command line and seed the run."""

import math
from typing import Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import UserError
from core.models import MODELS, VARIATIONAL
from core.words import listed

PREPARE, NETWORK, TRAINING = "prepare", "network", "training"

# A rule of thumb: what runs on small and on large sets have in common is the number of optimiser steps. It does
# not suit every set (docs/tutorial.md, "How long", has a table); the best epoch is kept whatever it says.
STEPS, MIN_EPOCHS, MAX_EPOCHS = 1500, 30, 300
MIN_HELD_OUT = 20  # cells; fewer judge nothing


def setting(default, part, label, help, *, unit="", folded=False, step=None, models=(), **bounds):
    """A field of RunConfig: `help` is the sentence beside it, `folded` puts it under "more settings".

    `models` names those that obey it; empty: all.
    """
    extra = {"part": part, "label": label, "unit": unit, "folded": folded, "step": step, "models": models}
    return Field(default, description=help, json_schema_extra=extra, **bounds)


# What config.json tells beside the settings: facts of the run, which --config does not read back.
RECORD_KEYS = ("device_used", "device_name", "threads", "path", "versions", "source", "data_hash", "run")


# Leiden resolutions that are computed for every run, so that a slider answers at once.
RESOLUTIONS = tuple(round(0.2 * i, 1) for i in range(1, 11))  # 0.2, 0.4 ... 2.0
DEFAULT_RESOLUTION = 1.0


class Layer(NamedTuple):
    """One linear block of the network: where it stands, its width, and what follows the linear map."""

    name: str  # unique, and the key of the module in torch
    side: str  # "encoder" or "decoder"
    branch: str  # "rna", "protein" or "latent"
    n_in: int
    n_out: int
    plain: bool  # True: a linear map alone (latent and output layers)
    norm: str = "none"

    @property
    def weights(self):
        """How many numbers this block learns: the matrix, its bias, and two a unit for a normalisation."""
        return self.n_in * self.n_out + self.n_out + (0 if self.norm == "none" else 2 * self.n_out)


class RunConfig(BaseModel):
    """All settings of a run. A field that nobody obeys does not exist; an unknown one is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False)

    # --- prepare
    normalize: bool = setting(
        True,
        PREPARE,
        "Normalise library size",
        "Divides each cell by its total counts, so that deeply sequenced cells do not look different for that alone.",
    )
    target_sum: float = setting(
        10_000.0,
        PREPARE,
        "Target sum",
        "The total every cell is brought to; 10,000 is scanpy's and Seurat's custom.",
        unit="counts",
        ge=1,
        le=1e7,
        folded=True,
    )
    log1p: bool = setting(
        True,
        PREPARE,
        "Log transform",
        "log(1 + x): a gene that goes from 1 to 2 then counts as much as one from 100 to 200.",
    )
    n_top_genes: int = setting(
        2000,
        PREPARE,
        "Variable genes",
        "Keeps the genes that differ most between cells; the rest is mostly noise to the model. 0 keeps all.",
        unit="genes",
        ge=0,
        le=60_000,
        step=100,
    )
    scale: bool = setting(
        True,
        PREPARE,
        "Centre and scale",
        "Gives each gene mean 0 and standard deviation 1 in the training cells, so that every gene is heard.",
    )
    clip: float = setting(
        10.0,
        PREPARE,
        "Clip",
        "Scaled values beyond this many standard deviations are cut, as scanpy does; rare spikes would rule the loss.",
        unit="sd",
        ge=1,
        le=1000,
        folded=True,
    )
    clr: bool = setting(
        True,
        PREPARE,
        "CLR for proteins",
        "Centred log-ratio for each protein across cells: surface protein counts have a background that this removes.",
    )

    # --- network
    model: Literal[tuple(MODELS)] = setting(
        "citeseq",
        NETWORK,
        "Model",
        "Citeseq: a branch for RNA and one for protein (absent without proteins) that meet in one latent space. "
        "Variational: the same with a Gaussian latent space, smoother and harder to over-fit. "
        "Linear: variational, with a linear decoder whose loadings say which genes make each dimension. "
        "Counts: variational, judged by the likelihood of the raw counts (negative binomial; protein as background "
        "and foreground).",
    )
    batch_key: str | None = setting(
        None,
        NETWORK,
        "Batch covariate",
        "An obs column of batches (donor, run, chip). The model is told the batch of each cell on both sides, so "
        "that the latent space need not carry it. Empty: none.",
        max_length=200,
    )
    n_latent: int = setting(
        20,
        NETWORK,
        "Latent dimensions",
        "The numbers each cell is squeezed into. 10 to 50 is usual; 2 or 3 can be drawn directly.",
        ge=1,
        le=1000,
    )
    n_hidden: int = setting(
        128,
        NETWORK,
        "Hidden units, RNA",
        "Width of the layers between the genes and the latent space.",
        unit="units",
        ge=1,
        le=8192,
    )
    n_hidden_protein: int = setting(
        32,
        NETWORK,
        "Hidden units, protein",
        "The same for the protein branch; proteins are few, so it is narrow.",
        unit="units",
        ge=1,
        le=1024,
    )
    n_layers: int = setting(
        1,
        NETWORK,
        "Hidden layers",
        "How many layers stand on each side of the latent space. One is enough for most data; more learn slower.",
        ge=1,
        le=5,
    )
    norm: Literal["batch", "layer", "none"] = setting(
        "batch",
        NETWORK,
        "Normalisation",
        "Keeps the values inside the network in a steady range: over the batch, over the layer, or not at all.",
        folded=True,
    )
    activation: Literal["elu", "leaky_relu", "relu", "tanh"] = setting(
        "elu",
        NETWORK,
        "Activation",
        "The bend between two layers; without it the network could learn only what PCA does.",
        folded=True,
    )
    dropout: float = setting(
        0.0,
        NETWORK,
        "Dropout",
        "Share of hidden units silenced in each step; helps against over-fitting.",
        ge=0,
        le=0.9,
        step=0.05,
        folded=True,
    )
    input_dropout: float = setting(
        0.0,
        NETWORK,
        "Input dropout",
        "Share of counts hidden from the encoder in each step; the model learns to fill them in from the others.",
        ge=0,
        le=0.9,
        step=0.05,
        folded=True,
    )

    # --- training
    epochs: int | None = setting(
        None,
        TRAINING,
        "Epochs",
        "How often the model sees every training cell. Empty: chosen from the data size "
        f"(about {STEPS:,} steps, {MIN_EPOCHS} to {MAX_EPOCHS} epochs).",
        ge=1,
        le=10_000,
    )
    lr: float = setting(
        1e-2,
        TRAINING,
        "Learning rate",
        "The size of a step: too large and the loss jumps, too small and it crawls. Under one-cycle this is the peak.",
        gt=0,
        le=10,
    )
    batch_size: int = setting(
        128,
        TRAINING,
        "Batch size",
        "Cells in one step. Smaller batches take more, noisier steps.",
        unit="cells",
        ge=1,
        le=65_536,
    )
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = setting(
        "adamw",
        TRAINING,
        "Optimizer",
        "How gradients become steps. AdamW, Adam and RMSprop adapt each weight's step, SGD (momentum 0.9) does not.",
    )
    schedule: Literal["onecycle", "constant", "cosine"] = setting(
        "onecycle",
        TRAINING,
        "Schedule",
        "How the learning rate moves: up and down once (one-cycle), steady, or slowly down (cosine).",
        folded=True,
    )
    weight_rna: float = setting(
        1.0,
        TRAINING,
        "RNA weight",
        "The share of RNA in the loss; each part is averaged over its own features first.",
        ge=0,
        le=1000,
        folded=True,
    )
    weight_protein: float = setting(
        0.3,
        TRAINING,
        "Protein weight",
        "The share of protein in the loss, so that a dozen proteins are heard beside thousands of genes.",
        ge=0,
        le=1000,
        folded=True,
    )
    zero_inflated: bool = setting(
        False,
        NETWORK,
        "Zero inflation",
        "Lets a count be lost altogether with a probability of its own; droplet data seldom need it.",
        models=("counts",),
        folded=True,
    )
    beta: float = setting(
        1.0,
        TRAINING,
        "KL weight (beta)",
        "How strongly the latent space is pulled towards a standard Gaussian; 1 is the evidence lower bound for "
        "noise of unit variance. More is smoother, less fits better.",
        models=VARIATIONAL,
        ge=0,
        le=1000,
        folded=True,
    )
    beta_warm_up: float = setting(
        0.25,
        TRAINING,
        "KL warm-up",
        "Over this share of the steps the pull grows from nothing to full, so that the latent space fills first.",
        models=VARIATIONAL,
        ge=0,
        le=1,
        step=0.05,
        folded=True,
    )
    l1: float = setting(
        0.0,
        TRAINING,
        "L1",
        "Pulls weights towards exactly zero: this times the mean absolute weight of the linear layers joins the loss.",
        ge=0,
        le=1000,
        folded=True,
    )
    l2: float = setting(
        1e-4,
        TRAINING,
        "L2",
        "Weight decay: every step shrinks the weights a little (biases and normalisations are exempt). Decoupled from the gradient, but for the classic Adam.",
        ge=0,
        le=10,
        folded=True,
    )
    clip_grad: float = setting(
        10.0,
        TRAINING,
        "Gradient clip",
        "The longest gradient a step may follow; guards against a single wild batch. 0: no limit.",
        ge=0,
        le=1e6,
        folded=True,
    )
    train_share: float = setting(
        0.85,
        TRAINING,
        "Training cells",
        "The share of cells the model learns from.",
        gt=0,
        lt=1,
        step=0.05,
        folded=True,
    )
    valid_share: float = setting(
        0.10,
        TRAINING,
        "Validation cells",
        "The share that chooses the best epoch. The rest is the test set, which judges the result.",
        gt=0,
        lt=1,
        step=0.05,
        folded=True,
    )
    patience: int = setting(
        0,
        TRAINING,
        "Early stopping",
        "Stops after this many epochs without a better validation loss, once the learning rate has passed its peak. "
        "0: never.",
        unit="epochs",
        ge=0,
        le=10_000,
        folded=True,
    )
    seed: int = setting(
        0,
        TRAINING,
        "Seed",
        "Same seed, same data, same device: same result.",
        ge=0,
        le=2**31 - 1,
    )
    device: Literal["auto", "cpu", "cuda"] = setting(
        "auto",
        TRAINING,
        "Device",
        "Auto takes a CUDA GPU when there is one, else the CPU.",
    )

    @model_validator(mode="after")
    def _shares_fit(self):
        if self.train_share + self.valid_share > 1 + 1e-9:
            raise ValueError("training and validation shares together must not exceed 1; lower one of them")
        if self.weight_rna == 0 and self.weight_protein == 0:
            raise ValueError(
                "the RNA and protein weights are both 0, so there is nothing to learn; raise one of them"
            )
        return self

    @model_validator(mode="after")
    def _obeyed(self):
        for spec in specs():
            if spec.models and self.model not in spec.models and getattr(self, spec.name) != spec.default:
                raise ValueError(
                    f"{spec.name} means nothing to the model {self.model}, only to {listed(spec.models)}; leave it out"
                )
        return self

    @property
    def loss_words(self):
        """What the loss of this model is, for the axis of a plot."""
        return "negative log-likelihood, nats" if self.model == "counts" else "mean squared error"

    def split_sizes(self, n_cells):
        """(training, validation, test) cells of `n_cells`: at least 20 for validation, and 20 for the test or none."""
        n_valid = min(max(round(n_cells * self.valid_share), MIN_HELD_OUT), max(1, n_cells // 3))
        n_test = n_cells - round(n_cells * self.train_share) - n_valid
        n_test = n_test if n_test >= MIN_HELD_OUT else 0
        return n_cells - n_valid - n_test, n_valid, n_test

    def n_epochs(self, n_train):
        """The number of passes over `n_train` cells: `epochs`, or about 1,500 steps within 30 to 300 epochs."""
        if self.epochs is not None:
            return self.epochs
        steps = math.ceil(n_train / self.batch_size)
        return min(MAX_EPOCHS, max(MIN_EPOCHS, round(STEPS / steps)))

    def layers(self, n_genes, n_proteins, n_groups=0):
        """The network as records, in the order data flows: what is drawn, counted and built.

        `n_groups` is the number of batches that enter both sides one-hot, 0 without a covariate.
        """
        branches = [("rna", n_genes, self.n_hidden)]
        if n_proteins:
            branches.append(("protein", n_proteins, self.n_hidden_protein))
        encoder, decoder = [], []
        start = self.n_latent + n_groups
        for branch, n_features, width in branches:
            n_in = n_features + n_groups
            for i in range(self.n_layers):
                name = f"encoder_{branch}_{i + 1}"
                encoder.append(Layer(name, "encoder", branch, n_in, width, False, self.norm))
                n_in = width
            n_in = start
            for i in range(0 if self.model == "linear" else self.n_layers):
                name = f"decoder_{branch}_{i + 1}"
                decoder.append(Layer(name, "decoder", branch, n_in, width, False, self.norm))
                n_in = width
            decoder.append(Layer(f"output_{branch}", "decoder", branch, n_in, n_features, True))
            if self.model == "counts":
                decoder += self._count_heads(branch, n_in, n_features)
        total = sum(width for _, _, width in branches)
        latent = [Layer("latent", "encoder", "latent", total, self.n_latent, True)]
        if self.model in VARIATIONAL:
            latent.append(Layer("latent_log_variance", "encoder", "latent", total, self.n_latent, True))
        return [*encoder, *latent, *decoder]

    def _count_heads(self, branch, n_in, n_features):
        """What the decoder of a count model needs beside its output: more linear maps, and vectors with no input."""
        names = ["log_theta"]
        if branch == "protein":
            names += ["output_background", "output_background_spread", "output_mixing"]
            names += ["prior_mean", "prior_log_sd"]
        elif self.zero_inflated:
            names.append("output_rna_loss")
        return [
            Layer(name, "decoder", branch, n_in if name.startswith("output") else 0, n_features, True)
            for name in names
        ]

    def check_against(self, n_genes, n_proteins, kind="counts"):
        """Raise UserError where these settings cannot work on data of a kind with so many features."""
        if self.model == "counts" and kind != "counts":
            raise UserError(
                f"The model counts needs raw counts, and these values are {WORDS[kind]}: choose another model, or bring "
                'a file that holds counts (in X, in layers["counts"] or in raw.X).'
            )
        if n_genes == 0:
            raise UserError(
                "No gene is left to train on: raise the number of variable genes, or check the file."
            )
        if self.weight_rna == 0 and not n_proteins:
            raise UserError(
                "The RNA weight is 0 and there are no proteins, so there is nothing to learn: raise it."
            )
        if self.n_latent >= n_genes + n_proteins:
            raise UserError(
                f"{self.n_latent} latent dimensions for {n_genes + n_proteins} features would only copy the data: "
                f"choose fewer than {n_genes + n_proteins}, for example {max(1, (n_genes + n_proteins) // 10)}."
            )


class Spec(NamedTuple):
    """A field as a form or a command line needs it."""

    name: str
    part: str
    label: str
    help: str
    unit: str
    folded: bool
    kind: str  # "bool", "int", "float", "choice", or "column" of obs
    choices: tuple
    default: object
    low: float | None  # smallest allowed value
    low_open: bool  # True: the value must be above `low`
    high: float | None
    high_open: bool
    step: float | None
    optional: bool  # True: may be left empty
    models: tuple  # those that obey it; empty: all


def specs(part=None):
    """The fields of RunConfig in order, those of one part or all."""
    found = []
    for name, info in RunConfig.model_fields.items():
        extra = info.json_schema_extra
        if part and extra["part"] != part:
            continue
        bounds = {k: getattr(m, k) for m in info.metadata for k in ("ge", "gt", "le", "lt") if hasattr(m, k)}
        kind, choices, optional = _kind(info.annotation)
        found.append(
            Spec(
                name,
                extra["part"],
                extra["label"],
                info.description,
                extra["unit"],
                extra["folded"],
                kind,
                choices,
                info.default,
                bounds.get("ge", bounds.get("gt")),
                "gt" in bounds,
                bounds.get("le", bounds.get("lt")),
                "lt" in bounds,
                extra["step"],
                optional,
                extra["models"],
            )
        )
    return found


def _kind(annotation):
    if annotation in (bool, int, float):
        return annotation.__name__, (), False
    if annotation == int | None:
        return "int", (), True
    if annotation == str | None:
        return "column", (), True
    return "choice", get_args(annotation), False


def parse(values):
    """A RunConfig from a plain dict; raises UserError with one sentence that names each field at fault."""
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        raise UserError(" ".join(_sentence(e) for e in error.errors())) from None


def _sentence(error):
    """One pydantic complaint in the words of the form."""
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        close = _nearest(name)
        return f"Unknown setting '{name}'" + (f"; did you mean '{close}'?" if close else ".")
    text = error["msg"].removeprefix("Value error, ")
    text = text[0].lower() + text[1:]
    if not name:
        return text[0].upper() + text[1:] + "."
    field = RunConfig.model_fields.get(error["loc"][0])
    label = field.json_schema_extra["label"] if field else name
    if error["input"] is None:
        return f"{label} ({name}) needs a value{_range(name)}; what is typed there is empty or not allowed."
    return f"{label} ({name}): {text.replace('input should', 'it should')}, not {error['input']!r}."


def _range(name):
    """The allowed range of a field in words, or nothing."""
    spec = next((s for s in specs() if s.name == name), None)
    if spec is None or spec.high is None:
        return ""
    whole = "a whole number " if spec.kind == "int" else ""
    return f", {whole}from {'above ' if spec.low_open else ''}{spec.low:,.10g} to {'below ' if spec.high_open else ''}{spec.high:,.10g}"


def _nearest(name):
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, RunConfig.model_fields)), None)


class Step(NamedTuple):
    """A preprocessing step for one kind of matrix: does it apply, and why (not)."""

    applies: bool
    reason: str


def steps_for(kind, has_proteins):
    """Which steps apply to a matrix of this kind (`core.data.doctor.Kind`): field name -> Step."""
    raw = Step(True, "")
    logged = Step(False, f"does not apply: the values are {WORDS[kind]} already")
    if kind == "counts":
        steps = {"normalize": raw, "log1p": raw, "n_top_genes": raw, "scale": raw}
    elif kind == "normalized":
        steps = {"normalize": logged, "log1p": raw, "n_top_genes": raw, "scale": raw}
    elif kind == "lognorm":
        steps = {"normalize": logged, "log1p": logged, "n_top_genes": raw, "scale": raw}
    elif kind == "scaled":
        steps = {name: logged for name in ("normalize", "log1p", "n_top_genes", "scale")}
    else:
        unknown = Step(False, "does not apply: the values are neither counts nor log-normalised")
        steps = {"normalize": unknown, "log1p": unknown, "n_top_genes": unknown, "scale": raw}
    steps["target_sum"], steps["clip"] = steps["normalize"], steps["scale"]
    steps["clr"] = raw if has_proteins else Step(False, "does not apply: the data set has no proteins")
    return steps


WORDS = {
    "counts": "raw counts",
    "normalized": "normalised",
    "lognorm": "log-normalised",
    "scaled": "scaled",
    "other": "of an unknown kind",
}
