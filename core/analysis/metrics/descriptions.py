"""What each score means, in one sentence, and its source; pages, command line, report and documents read it here."""

from typing import NamedTuple


class Description(NamedTuple):
    """A score: its name in tables, its range, its meaning in one sentence, its source, what it needs, on which `cells` it is
    computed, and what is `circular` about it."""

    title: str
    range: str
    meaning: str
    source: str = ""
    needs: str = (
        ""  # "labels", "batches", "labels and batches" or "proteins"; "" for a score that every run has
    )
    cells: str = ""
    circular: str = ""  # "" where nothing is

    @property
    def sentence(self):
        """The title, the meaning, the source, the cells and what is circular in a line."""
        source = f" ({self.source})" if self.source else ""
        circular = f" Circular: {self.circular}." if self.circular else ""
        return f"{self.title}, {self.range}: {self.meaning}{source}. Computed on {self.cells}.{circular}"


FEW = "test cells (at most 2,000), neighbours among at most 20,000 cells"
NOISE = "the input holds the noise of the same molecules"
LABELLED = "all cells with a label"
ALL = "all cells (at most 20,000)"
DRAWN = "labels that were drawn from a PCA or a map favour the space that they were drawn from"


# Scores of a space, in the order of the table.
SCORES = {
    "neighbours_kept_15": Description(
        "Neighbours kept (15)",
        "0 to 1",
        "the share of a cell's 15 nearest neighbours in the weighted input that are also among its 15 nearest here; it "
        "rewards copied noise, so it rises with the number of dimensions",
        "Lee and Verleysen 2009, doi:10.1016/j.neucom.2008.12.017",
        cells=FEW,
        circular=NOISE,
    ),
    "neighbours_kept_50": Description(
        "Neighbours kept (50)",
        "0 to 1",
        "the same for 50 neighbours; it reflects broader structure than the 15 nearest",
        "Lee and Verleysen 2009",
        cells=FEW,
        circular=NOISE,
    ),
    "trustworthiness_15": Description(
        "Trustworthiness (15)",
        "0 to 1",
        "whether cells that are neighbours here are neighbours in the input; false neighbours are penalised by their "
        "rank in the input",
        "Venna and Kaski 2001, doi:10.1007/3-540-44668-0_68",
        cells=FEW,
        circular=NOISE,
    ),
    "continuity_15": Description(
        "Continuity (15)",
        "0 to 1",
        "whether neighbours in the input are neighbours here; lost neighbours are penalised by their rank here",
        "Venna and Kaski 2001",
        cells=FEW,
        circular=NOISE,
    ),
    "protein_agreement_15": Description(
        "Agreement with proteins (15)",
        "0 to 1",
        "the Jaccard index of a cell's 15 nearest neighbours here and its 15 nearest by protein; where the proteins were "
        "seen in training, it shows how well the space keeps them; where they were not, it is an independent test",
        "Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x",
        needs="proteins",
        cells=FEW,
        circular="where the proteins were seen in training, the space was made from them",
    ),
    "silhouette": Description(
        "Silhouette of its clusters",
        "-1 to 1",
        "how much nearer a cell is to its own Leiden cluster than to the nearest other one; the clusters are those of "
        "this space",
        "Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7",
        cells="test cells (at most 5,000)",
        circular="the clusters were found in this space, so it is high wherever there are clusters, real or not",
    ),
    "knn_accuracy": Description(
        "kNN accuracy (15)",
        "0 to 1",
        "the share of cells whose label is predicted by the majority of their 15 nearest neighbours (5-fold "
        "cross-validation)",
        "Cover and Hart 1967, doi:10.1109/TIT.1967.1053964",
        needs="labels",
        cells="all cells with a label (at most 5,000)",
        circular=DRAWN,
    ),
    "ari": Description(
        "ARI with the labels",
        "up to 1",
        "how well clusters and labels agree: 1 is the same partition, 0 is agreement by chance",
        "adjusted Rand index, Hubert and Arabie 1985, doi:10.1007/BF01908075",
        needs="labels",
        cells=LABELLED,
        circular=DRAWN,
    ),
    "nmi": Description(
        "NMI with the labels",
        "0 to 1",
        "the information that clusters and labels share, divided by the mean of their entropies; of few cells or many "
        "clusters it is high by chance, so compare by AMI",
        "normalised mutual information, Vinh, Epps and Bailey 2010, JMLR 11:2837",
        needs="labels",
        cells=LABELLED,
        circular=DRAWN,
    ),
    "ami": Description(
        "AMI with the labels",
        "up to 1",
        "NMI without what chance gives: 1 is the same partition, 0 is agreement by chance, for any number of cells and "
        "clusters",
        "adjusted mutual information, Vinh, Epps and Bailey 2010",
        needs="labels",
        cells=LABELLED,
        circular=DRAWN,
    ),
    "label_silhouette": Description(
        "Silhouette of the labels",
        "-1 to 1",
        "how much nearer a cell is to the cells of its own label than to those of the nearest other label",
        "Rousseeuw 1987",
        needs="labels",
        cells="all cells with a label (at most 5,000)",
        circular=DRAWN,
    ),
    "ilisi": Description(
        "Batches mixed (iLISI)",
        "1 to the number of batches",
        "the effective number of batches in a cell's neighbourhood, over all cells: 1 is no mixing; cell types that are "
        "missing from a batch also lower it",
        "Korsunsky 2019, doi:10.1038/s41592-019-0619-0",
        needs="batches",
        cells="all cells (at most 5,000)",
    ),
    "kbet": Description(
        "Neighbourhoods accepted (kBET)",
        "0 to 1",
        "the share of cells whose 50 nearest neighbours have the batches that all cells have, by a chi-square test at 0.05; "
        "cell types that are missing from a batch lower it, and with many cells small differences do",
        "Büttner 2019, doi:10.1038/s41592-018-0254-1",
        needs="batches",
        cells="all cells (at most 5,000)",
    ),
    "free_of_batch": Description(
        "Variance free of batch (1 - PCR)",
        "0 to 1",
        "the share of the variance of the space that is not between batches; cell types that are missing from a batch lower it",
        "principal component regression, Büttner 2019 and Luecken 2022, doi:10.1038/s41592-021-01336-8",
        needs="batches",
        cells=ALL,
    ),
    "graph_connectivity": Description(
        "Labels connected",
        "0 to 1",
        "the share of the cells of a label in the largest connected part of their neighbour graph, a mean over labels; below "
        "1 a label is in pieces, such as one for each batch",
        "graph connectivity, Luecken 2022",
        needs="labels",
        cells=LABELLED,
        circular=DRAWN,
    ),
    "isolated_labels": Description(
        "Isolated labels kept apart",
        "0 to 1",
        "(s + 1) / 2 with s the silhouette of the labels that the fewest batches have against all other cells, a mean over "
        "these labels: do cell types of single batches stay apart where batches are mixed?",
        "isolated label silhouette, Luecken 2022",
        needs="labels and batches",
        cells="all cells with a label (at most 5,000)",
        circular=DRAWN,
    ),
}
# Names of label columns that come from a clustering.
CLUSTERINGS = ("leiden", "louvain", "cluster", "phenograph", "kmeans", "k-means")
FROM_PCA = (
    "By its name this column is a clustering. Clusters are usually found on a graph of principal components, so such labels "
    "favour PCA: they test how well a space agrees with that PCA."
)


def is_clustering(column):
    """Does a label column come from a clustering, by its name?"""
    return any(name in str(column).casefold() for name in CLUSTERINGS)


# Whether the proteins were part of what the model was trained on.
SEEN, UNSEEN = "seen in training", "not seen in training"

EXPLAINED = Description(
    "Variance explained",
    "up to 1",
    "how much smaller the squared error on test cells is than that of predicting the training mean: 1 is no error, 0 is "
    "no better than the mean; genes that are hardly expressed in these cells can lie far below 0; "
    "copied noise raises it, but not where counts are split: there it is that of the molecules not seen",
    cells="test cells",
    circular="without split counts the molecules that are predicted are those that were read",
)
LOW_VARIANCE = (
    "Genes and proteins of almost no variance come last: one cell can move them far. These have less than a twentieth of "
    "the median variance of their kind, in the training cells before scaling."
)
COUNT_SPLIT = Description(
    "Count-split score",
    "from 0, lower is better",
    "the squared error with which one half of the molecules of test cells predicts the other half, in standard deviations "
    "of genes, a mean over genes; the molecules are split by chance, so noise that a space copies does not help",
    "count splitting, Batson 2019, doi:10.1101/786269, and Neufeld 2023, arXiv:2301.07276",
    cells="test cells (at most 5,000)",
    circular="the best size of PCA is that of the cells that are scored",
)
# Scores of a space of one half of the molecules against the other half, by core.analysis.metrics.split_half.
SPLIT_HALF = {
    "explained": Description(
        "Deviance explained",
        "up to 1",
        "by how much the Poisson deviance of the unseen molecules of test cells falls where each cell gets the mean "
        "profile of its 30 nearest training cells in this space of the other molecules, in place of the mean profile of all "
        "cells: 0 is no better than that; it is computed alike for every space, and is no accuracy of cell types",
        "count splitting, Batson 2019, and Neufeld 2023; deviance, McCullagh and Nelder 1989",
        cells="test cells (at most 5,000)",
    ),
    "neighbours": Description(
        "Neighbours found again",
        "0 to 1",
        "the Jaccard index of the 15 nearest cells of a test cell by one half of the molecules and by the other; a space "
        "of few dimensions has an advantage",
        "Jaccard 1912; count splitting, Neufeld 2023",
        cells="test cells (at most 2,000)",
        circular="a space that puts all cells at one place agrees with itself",
    ),
    "clusters": Description(
        "Clusters found again",
        "up to 1",
        "the adjusted Rand index of the Leiden clusters at resolution 1 of one half and of the other, over training and "
        "test cells",
        "Hubert and Arabie 1985; count splitting, Neufeld 2023",
        cells="training and test cells (at most 15,000)",
        circular="the model was trained on most of these cells",
    ),
    "places": Description(
        "Places found again",
        "0.5 is chance, 1 the same place",
        "the share of cells that lie farther from a test cell's place by one half than its own place by the other does; for "
        "spaces that put both halves into the same coordinates",
        "FOSCTTM, Liu 2019, doi:10.4230/LIPIcs.WABI.2019.10",
        cells="test cells (at most 2,000)",
    ),
}
CONSISTENCY = Description(
    "Co-clustering consistency",
    "0 to 1",
    "how much of a cell's cluster stays together across seeds: the cells shared by its clusters in two runs, divided by "
    "the size of the larger one, averaged over all pairs of runs",
    "element-centric similarity, Gates 2019, doi:10.1038/s41598-019-44892-y; its mean over seeds is the consistency of "
    "the R package ClustAssess",
    cells="all cells, training cells of each run included",
    circular="coarse clusters are stable whatever the data",
)
BEST_MATCH = Description(
    "Jaccard with its best match",
    "0 to 1",
    "the Jaccard index of a cluster and its most similar cluster in another run, averaged over the other runs; 0.75 and "
    "above is stable, below 0.6 is unreliable",
    "Hennig 2007, doi:10.1016/j.csda.2006.11.025, and the manual of his fpc::clusterboot",
    cells="all cells, training cells of each run included",
    circular="large clusters match well whatever the data",
)
# Scores of each cell; `range` is the unit that a colour bar shows.
CELL_SCORES = {
    "neighbours_kept_15": Description(
        "neighbours kept (15)",
        "share of 15, 0 to 1",
        "the share of a cell's 15 nearest neighbours in the weighted input that are also among its 15 nearest in the "
        "latent space; training cells are included",
        "Lee and Verleysen 2009, doi:10.1016/j.neucom.2008.12.017",
        cells="every cell, trained on or not (at most 20,000)",
        circular=NOISE,
    ),
    "reconstruction_error_rna": Description(
        "reconstruction error, RNA",
        "mean squared error",
        "the squared difference between a cell's reconstruction and its input, on the scale of the input, averaged over "
        "genes; it is higher in cells with few counts and in rare cell types",
        cells="every cell, trained on or not",
        circular="training cells have lower errors",
    ),
    "reconstruction_error_protein": Description(
        "reconstruction error, proteins",
        "mean squared error",
        "the same, averaged over proteins",
        cells="every cell, trained on or not",
        circular="training cells have lower errors",
    ),
    "ilisi": Description(
        "batches mixed (iLISI)",
        "batches, from 1",
        "the effective number of batches among a cell's 90 nearest neighbours in the latent space, weighted by distance",
        "Korsunsky 2019, doi:10.1038/s41592-019-0619-0",
        cells="every cell, trained on or not (at most 20,000)",
    ),
}
STABLE, DOUBTFUL = 0.75, 0.6

SPACES = {
    "latent": "Latent space",
    "latent_umap": "UMAP of the latent",
    "latent_tsne": "t-SNE of the latent",
    "pca": "PCA of as many dimensions",
    "harmony": "Harmony on PCA",
    "input_umap": "UMAP of the input",
    "input_tsne": "t-SNE of the input",
    "protein": "Protein space",
    "seeds": "Seeds together",
    "seeds_umap": "UMAP of the seeds together",
}


def meaning_of(name):
    """The sentence on a score of scores.json, whose name may end with its space ("_pca"); "" for one without a sentence."""
    if name.startswith("variance_explained"):
        return EXPLAINED.sentence
    known = (score for score in SCORES if name == score or name.startswith(f"{score}_"))
    return next((SCORES[score].sentence for score in known), "")


def stability_of(jaccard):
    """ "stable", "doubtful" or "dissolves": a cluster by its mean Jaccard index with its best matches (Hennig 2007)."""
    return "stable" if jaccard >= STABLE else "doubtful" if jaccard >= DOUBTFUL else "dissolves"
