"""What the pickers of colours offer for a typed text: groups of options, the best match first."""

from core.analysis.metrics.descriptions import CELL_SCORES
from core.config import DEFAULT_RESOLUTION
from core.config.dataset_record import DatasetRecord
from core.config.run_files import company_of
from core.data.gene_suggestions import similar_genes
from core.data.name_search import Rank, rank_of, search
from core.data.standalone.gene_lookup import find_genes
from dashboard.components.picker import group
from dashboard.pages.clusters.colours import (
    CELL_MEASURES,
    CLUSTERS,
    EACH,
    MOST_FEATURES,
    SEED_CONSISTENCY,
    SPLIT,
    SUGGESTED,
    clusterings,
    features_of,
    label,
    suggested_types,
)
from dashboard.pages.clusters.links import BETWEEN

MOST = 30  # options of a group for a typed text
FIRST = 10  # of the genes, of which there are thousands, before anything is typed
# The last word of a text such as "CD3 protein" says which kind is meant.
KINDS = {
    "gene": "gene",
    "rna": "gene",
    "mrna": "gene",
    "protein": "protein",
    "antibody": "protein",
    "adt": "protein",
}
TITLES = {"gene": "Genes", "protein": "Proteins"}


def option(view, run, choice):
    """The option of a choice such as "gene:CD3E"."""
    titles = {one["value"]: one for one in clusterings(view, run)}
    return titles.get(choice) or {"label": label(choice), "value": choice}


def colour_groups(view, run, text="", recent=()):
    """The groups for a typed text: clusters, metadata, proteins, genes, latent dimensions; without a text the recent first.

    The group with the best match comes first. Several names separated by commas give a map each, or the mean of
    the genes. Where nothing matches,
    genes with similar names are offered.
    """
    text, kind = _kind(text)
    names = _names(view, run)
    if "," in text:
        several = [one for one in (_each_of(text, names), _mean_of(text, names["gene"])) if one]
        if several:
            return [group("Several features", several)]
        text = next((part for part in reversed(text.split(",")) if part.strip()), "")
    ranked = (
        []
        if kind
        else [_of_labels(title, options, text, recent) for title, options in _labels(view, run).items()]
    )
    features = {
        one: _of_names(one, of_kind, text, recent) for one, of_kind in names.items() if kind in (None, one)
    }
    dimensions = [_option(f"latent:{i + 1}") for i in range(run["config"]["n_latent"])]
    groups = [*ranked, *(features[one] for one in ("protein", "gene") if one in features)]
    groups += [] if kind else [_of_labels("Latent dimensions", dimensions, text, recent)]
    groups = [one for one in groups if one[1]["options"]]
    if text.strip():
        groups.sort(key=lambda one: one[0])
        return [one for _, one in groups] or _similar(text, names["gene"])
    again = [
        option(view, run, choice) for choice in recent if _exists(choice, names, [one for _, one in groups])
    ]
    return [*([group("Recent", again)] if again else []), *(one for _, one in groups)]


def _kind(text):
    """(the text, "gene" or "protein" where its last word asks for one)."""
    head, _, last = text.strip().rpartition(" ")
    kind = KINDS.get(last.strip("()").casefold()) if head else None
    return (head, kind) if kind else (text, None)


def _names(view, run):
    """{kind: names} of the features of a run's dataset."""
    return {
        "protein": list(DatasetRecord.of(view.datasets.one(run["dataset"])).proteins),
        "gene": view.datasets.folder(run["dataset"]).genes()["names"],
    }


def _labels(view, run):
    """{title: options} of what is found by the words of its label."""
    dataset = view.datasets.folder(run["dataset"])
    clusters = [_option(CLUSTERS), *clusterings(view, run)]
    if suggested_types(view, run):
        clusters.append(_option(SUGGESTED))
    if view.results.array(run["id"], company_of(DEFAULT_RESOLUTION)) is not None:
        clusters.append(_option(SEED_CONSISTENCY))
    metadata = [f"obs:{column['name']}" for column in dataset.columns()]
    metadata += [f"table:{table['name']}:{name}" for table in dataset.tables() for name in table["columns"]]
    metadata += [SPLIT, *(f"cell:{name}" for name in dataset.measured() if name in CELL_MEASURES)]
    metadata += [f"score:{name}" for name in view.results.names(run["id"], "per_cell") if name in CELL_SCORES]
    return {"Clusters": clusters, "Metadata": [_option(choice) for choice in metadata]}


def _of_labels(title, options, text, recent):
    """(the best rank, the group) of the options whose label matches."""
    ranked = [
        (rank, _latest(one["value"], recent), one)
        for one in options
        if (rank := rank_of(text, one["label"])) is not None
    ]
    ranked.sort(key=lambda one: one[:2] if text.strip() else 0)
    return min((rank for rank, *_ in ranked), default=Rank.INSIDE), group(title, [one for *_, one in ranked])


def _of_names(kind, names, text, recent):
    """(the best rank, the group) of the genes or proteins whose name matches."""
    matches = search(text, names)
    if text.strip():
        recent = {choice: place for place, choice in enumerate(recent)}
        matches.sort(key=lambda match: (match.rank, recent.get(f"{kind}:{names[match.place]}", len(recent))))
    most = MOST if text.strip() or kind == "protein" else FIRST
    options = [_option(f"{kind}:{names[match.place]}") for match in matches[:most]]
    best = matches[0].rank if matches else Rank.INSIDE
    return best, group(TITLES[kind], options, len(matches) - len(options), TITLES[kind].lower())


def _latest(value, recent):
    return recent.index(value) if value in recent else len(recent)


def _exists(choice, names, groups):
    """Is a choice of before still there? Choices are kept in the browser by dataset, for all its runs."""
    kind, _, name = choice.partition(":")
    if kind in names:
        return name in names[kind]
    if kind == "mean":
        return set(name.split(",")) <= set(names["gene"])
    if kind == EACH:
        return all(_exists(one, names, groups) for one in features_of(choice))
    return any(choice == one["value"] for of_group in groups for one in of_group["options"])


def _option(choice):
    return {"label": label(choice), "value": choice}


def _each_of(text, names):
    """The option for a map for each gene and protein of a comma-separated text; None for fewer than two known ones.

    A name that is both gives two maps.
    """
    features = []
    for typed in (part.strip() for part in text.split(",")):
        gene = find_genes([typed], names["gene"])[0] if typed else None
        features += [f"gene:{gene}"] if gene is not None else []
        features += [f"protein:{name}" for name in names["protein"] if name.casefold() == typed.casefold()]
    features = [one for one in dict.fromkeys(features) if BETWEEN not in one][:MOST_FEATURES]
    return _option(f"{EACH}:{BETWEEN.join(features)}") if len(features) > 1 else None


def _mean_of(text, genes):
    """The option for the mean of the genes in a comma-separated text; None for fewer than two known genes."""
    typed = [name.strip() for name in text.split(",") if name.strip()]
    known = list(dict.fromkeys(gene for gene in find_genes(typed, genes) if gene is not None))
    return _option(f"mean:{','.join(known)}") if len(known) > 1 else None


def _similar(text, genes):
    typed = text.strip()
    options = [
        {"label": f"{label(f'gene:{name}')}, similar to '{typed}'", "value": f"gene:{name}"}
        for name in similar_genes(typed, genes)
    ]
    return [group("Similar names", options)]
