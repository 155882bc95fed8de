"""What "choose for me" tries, and the rule by which it keeps one."""

from typing import NamedTuple

from core.config.numbers import Number
from core.config.run_config import RunConfig, specs
from core.text import listed

MINUTES = Number("Minutes", low=0, low_open=True, high=24 * 60, unit="minutes")
DEFAULT_MINUTES = 10
SEEDS = 2  # of each candidate: fewer say nothing of stability
RULE = (
    "Among candidates with the same scale of the genes, first comes the one with the highest deviance explained of molecules "
    "that its space has not seen. Candidates within one standard error of it, on the same cells, are level with it; of these "
    "first comes the one with the most stable clusters over seeds, and of equally stable ones (to two digits) the one with the "
    "fewest latent dimensions. Deviance explained does not rank scales of the genes by how well labels come out, so between "
    "the firsts of each scale stability decides, and of equally stable ones the earlier candidate is kept. Labels and batches "
    "have no part in the choice."
)


class Candidate(NamedTuple):
    """Settings that differ from those of the run asked about, and what they are called."""

    name: str
    settings: dict


CANDIDATES = (
    Candidate("default", {}),
    Candidate("scaling exponent 0.5", {"scale_exponent": 0.5}),
    Candidate("10 latent dimensions", {"n_latent": 10}),
    Candidate("variational", {"model": "variational"}),
    Candidate("40 latent dimensions", {"n_latent": 40}),
    Candidate("Pearson residuals", {"gene_transform": "pearson"}),
    Candidate("counts", {"model": "counts"}),
)


def candidates(config, n_features, candidates=CANDIDATES):
    """[(Candidate, RunConfig)] of the candidates that differ from each other, as changes of a RunConfig.

    Left out: those that the number of features does not allow, and those that do not fit the other settings, such as an
    exponent where values are not scaled.
    """
    chosen, seen = [], []
    for candidate in candidates:
        settings = candidate.settings
        if settings.get("n_latent", 0) >= n_features // 2:
            continue
        if not config.scale and "scale_exponent" in settings:
            continue
        if "gene_transform" in settings:  # residuals take the place of these
            settings = settings | {"scale_exponent": 1.0, "normalize": True, "log1p": True}
        if "scale_exponent" in candidate.settings:
            settings = settings | {"gene_transform": "log"}
        kept = config.model_dump(exclude_unset=True) if "model" not in settings else _of_any_model(config)
        changed = RunConfig(**kept | settings)
        if changed.model_dump() not in seen:
            seen.append(changed.model_dump())
            chosen.append((candidate, changed))
    return chosen


def _of_any_model(config):
    """The settings of a RunConfig that every model obeys."""
    shared = {spec.name for spec in specs() if not spec.models}
    return {name: value for name, value in config.model_dump(exclude_unset=True).items() if name in shared}


def not_compared(choice):
    """Sentences on the candidates that have no part in a core.analysis.choose.Choice, by its record; "" where all have."""
    stopped, left_out = (
        choice.get("unfinished"),
        choice["left_out"],
    )  # records of earlier versions lack the first
    sentences = []
    if stopped:
        sentences.append(f"Not finished when the minutes were over, so not compared: {listed(stopped)}.")
    if left_out:
        sentences.append(f"Not begun, since no time was left: {listed(left_out)}.")
    return " ".join(sentences)


class Standing(NamedTuple):
    """How a candidate stands in the choice, beside the candidate of the same scale that explains most deviance."""

    scale: str  # of the genes, by `scale_of`
    below: float  # how much less deviance it explains; 0 of the best
    below_error: float  # of the difference on the same cells; 0 of the best
    consistency: float
    n_latent: int


def scale_of(config):
    """The scale of the genes of a RunConfig: candidates of another one are not compared by their deviance."""
    return f"{config.gene_transform} {config.scale_exponent:g}"


def best_of(standings):
    """The place of the candidate that RULE keeps in a list of Standings."""
    firsts = {}
    for i, one in enumerate(standings):
        if one.below <= one.below_error:
            place = (-round(one.consistency, 2), one.n_latent, i)
            firsts[one.scale] = min(firsts.get(one.scale, place), place)
    return min(firsts.values(), key=lambda place: (place[0], place[2]))[2]
