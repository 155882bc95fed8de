"""What a batch column may remove with the batches: the sentences with which a page asks about it."""

from core.analysis.confounding import Relation, relation
from core.text import listed
from dashboard.components.forms import NONE

MOST_GROUPS = 12  # of a column without a known role; more, each within one batch, may be its wells or lanes
NO_SAMPLES = ("doublet", "negative")  # of hashtags: cells whose sample is not known

SENTENCES = {
    Relation.SAME: "'{batch}' and '{other}' are the same groups: correcting one removes the other.",
    Relation.WITHIN: "Each batch of '{batch}' lies within one group of '{other}': correcting the batches can remove the "
    "differences between these groups.",
    Relation.CONTAINS: "Each group of '{other}' lies within one batch of '{batch}': correcting the batches can remove the "
    "differences between groups of different batches.",
    Relation.NEARLY: "'{batch}' and '{other}' are nearly the same groups: correcting one removes most of the other.",
}


def questions(view, dataset, column):
    """Sentences on what a batch column removes with the batches; none where there is no doubt."""
    if column in (None, NONE):
        return []
    folder = view.datasets.folder(dataset)
    entry, codes = folder.column(column)
    if entry["role"] == "labels":
        return [
            f"'{column}' looks like labels of the cells, not like batches: correcting it removes the differences "
            "between them."
        ]
    if entry["categories"] and (droplets := [c for c in entry["categories"] if c.casefold() in NO_SAMPLES]):
        return [
            f"'{column}' has {listed(droplets)} among its values, which are no batches: remove these cells on the Data page first."
        ]
    others = [
        other
        for other in folder.columns()
        if other["kind"] == "category" and other["name"] != column and other["role"] != "batch"
    ]
    sentences = []
    for other in others:
        if other["role"] != "labels" and len(other["categories"]) > MOST_GROUPS:
            continue
        text = SENTENCES.get(relation(codes, folder.column(other["name"])[1]))
        if text:
            sentences.append(text.format(batch=column, other=other["name"]))
    return sentences
