"""How the loss and the scores of a run stand beside those of PCA, in words.

All of it is a pure function of the loss, the scores and their errors.
"""

from typing import NamedTuple

from core.text import NORMAL_95, listed

FEW_CELLS = 100  # test cells below which a difference within noise may be a matter of their number alone


def above_baseline(loss, baseline):
    """How far a loss is above the total of a baseline (run_facts.Parts), as a share of it: -0.1 is a tenth below."""
    return loss / max(baseline.total, 1e-12) - 1


def beyond_error(difference):
    """Is a (difference, standard error) further from 0 than its 95 % interval? True where the error is unknown."""
    value, error = difference
    return error is None or abs(value) > NORMAL_95 * error


def standing(difference):
    """ "level", "below" or "above": a loss beside PCA's by their (difference, standard error)."""
    if not beyond_error(difference):
        return "level"
    return "below" if difference[0] < 0 else "above"


def noise_words(n_cells, cells="test cells"):
    """The sentence on a difference within its 95 % interval."""
    words = f"{n_cells:,} {cells}: the difference is within noise."
    if n_cells < FEW_CELLS:
        words += " So few cells cannot tell the two apart; a larger share of test cells can."
    return words


class Point(NamedTuple):
    """A score in which a run is compared with PCA: its words, both values, and their difference with its error."""

    words: str
    ours: float
    pca: float
    difference: float
    error: float | None


COMPARED = {
    "variance_explained_rna": "explains more of RNA",
    "variance_explained_protein": "explains more of the proteins",
    "neighbours_kept_15": "keeps more neighbours",
    "protein_agreement_15": "agrees more with the proteins",
}


def against_pca(scores, reads_counts=False):
    """(sentence on what PCA is better at, sentence on what the run is good for all the same), "" where there is neither.

    `scores` are those of a run (core.analysis.metrics.run_scores); without them only the loss is known.
    """
    points = [point for name, words in COMPARED.items() if (point := _point(scores or {}, name, words))]
    better = [one for one in points if one.difference < 0 and beyond_error((one.difference, one.error))]
    worse = [one for one in points if one.difference > 0 and beyond_error((one.difference, one.error))]
    level = [one for one in points if one not in better and one not in worse]
    pca = (
        f"PCA {listed([_with_values(one, first=one.pca, second=one.ours) for one in better])}."
        if better
        else ""
    )
    strengths = [_with_values(one, first=one.ours, second=one.pca) for one in worse]
    strengths += [
        "keeps as many neighbours as PCA" for one in level if one.words == COMPARED["neighbours_kept_15"]
    ]
    mixed, before = (scores or {}).get("ilisi"), (scores or {}).get("ilisi_input")
    if mixed is not None and before is not None and mixed > before:
        strengths.append(f"mixes batches, which PCA does not ({mixed:.2f} against {before:.2f})")
    if reads_counts:
        strengths.append("models the raw counts")
    if not strengths:
        return pca, "For a map, clusters and markers alone, PCA is simpler and quicker." if pca else ""
    return pca, f"This run {listed(strengths)}: for that it is worth using."


def _with_values(point, first, second):
    return f"{point.words} ({first:.2f} against {second:.2f})"


def _point(scores, name, words):
    ours, pca = scores.get(name), scores.get(f"{name}_pca")
    if ours is None or pca is None:
        return None
    return Point(
        words, ours, pca, scores.get(f"{name}_difference", ours - pca), scores.get(f"{name}_difference_error")
    )
