"""What each score says in one sentence, and where it comes from; what pages, command line and documents read."""

from typing import NamedTuple


class Meaning(NamedTuple):
    """A score: its name in tables, its range, one sentence of meaning and its source."""

    title: str
    range: str
    words: str
    source: str = ""

    @property
    def sentence(self):
        """The title, the meaning and the source in a line."""
        source = f" ({self.source})" if self.source else ""
        return f"{self.title}, {self.range}: {self.words}{source}."


# In the order in which a table has them.
SCORES = {
    "neighbours_kept_15": Meaning(
        "Neighbours kept (15)",
        "0 to 1",
        "the share of a cell's 15 nearest neighbours in the weighted input that are its nearest here, too",
        "Lee and Verleysen 2009, doi:10.1016/j.neucom.2008.12.017",
    ),
    "neighbours_kept_50": Meaning(
        "Neighbours kept (50)",
        "0 to 1",
        "the same of its 50 nearest neighbours: less of the fine grain, more of the lie of the land",
        "Lee and Verleysen 2009",
    ),
    "trustworthiness_15": Meaning(
        "Trustworthiness (15)",
        "0 to 1",
        "cells that are near here were near in the input; a stranger among the 15 costs more the farther it came",
        "Venna and Kaski 2001, doi:10.1007/3-540-44668-0_68",
    ),
    "continuity_15": Meaning(
        "Continuity (15)",
        "0 to 1",
        "cells that were near in the input are near here; one of the 15 that left costs more the farther it went",
        "Venna and Kaski 2001",
    ),
    "protein_agreement_15": Meaning(
        "Agreement with proteins (15)",
        "0 to 1",
        "of a cell's 15 nearest neighbours here and those by its proteins, how many are both, over those in either; a "
        "space that was made with the proteins (seen in training) tells how well it kept them, not how well it "
        "foretells them; one that was made of RNA alone (not seen in training) is judged from outside",
        "Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x",
    ),
    "silhouette": Meaning(
        "Silhouette of its clusters",
        "-1 to 1",
        "how much nearer a cell is to its own Leiden cluster than to the next one, the clusters made in this space",
        "Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7",
    ),
    "knn_accuracy": Meaning(
        "kNN accuracy (15)",
        "0 to 1",
        "the share of cells whose label is also that of most of their 15 nearest neighbours, which come from the other "
        "four fifths of the cells",
        "Cover and Hart 1967, doi:10.1109/TIT.1967.1053964",
    ),
    "ari": Meaning(
        "ARI with the labels",
        "up to 1",
        "how well its clusters and the labels group alike: 1 is the same grouping, 0 no more than by chance",
        "adjusted Rand index, Hubert and Arabie 1985, doi:10.1007/BF01908075",
    ),
    "nmi": Meaning(
        "NMI with the labels",
        "0 to 1",
        "how much a cell's cluster tells of its label, over the mean of what there is to be told of both",
        "normalised mutual information, Vinh, Epps and Bailey 2010, JMLR 11:2837",
    ),
    "label_silhouette": Meaning(
        "Silhouette of the labels",
        "-1 to 1",
        "how much nearer a cell is to the cells of its own label than to those of the next one",
        "Rousseeuw 1987",
    ),
    "ilisi": Meaning(
        "Batches mixed (iLISI)",
        "1 to the number of batches",
        "how many batches meet in a cell's neighbourhood, all cells together: 1 is none but its own; cell types that "
        "one batch lacks keep it low for a reason",
        "Korsunsky 2019, doi:10.1038/s41592-019-0619-0",
    ),
}
# The proteins: by every model that is given them, and by one that is trained on RNA alone.
SEEN, UNSEEN = "seen in training", "not seen in training"

EXPLAINED = Meaning(
    "Variance explained",
    "up to 1",
    "how much of the mean's squared error on held-out cells is gone: 1 is all of it, 0 no better than the mean of the "
    "training cells; a gene that is all but silent in these cells has next to nothing to explain, and may lie far below",
)
COMPANY = Meaning(
    "Company kept",
    "0 to 1",
    "the cells that share a cell's cluster in two runs, over the larger of both clusters, a mean over all pairs of runs: "
    "1 keeps its company whatever the seed",
    "element-centric similarity, Gates 2019, doi:10.1038/s41598-019-44892-y; its mean over seeds is the consistency of "
    "the R package ClustAssess",
)
SURVIVES = Meaning(
    "Jaccard with its best match",
    "0 to 1",
    "the cells of a cluster that its most similar cluster in another run has, over the cells of either, a mean over the "
    "other runs; from 0.75 it is stable, below 0.6 it is not to be trusted",
    "Hennig 2007, doi:10.1016/j.csda.2006.11.025, and the manual of his fpc::clusterboot",
)
# Of each cell by itself; `range` is the unit that a colour bar has.
CELL_SCORES = {
    "neighbours_kept_15": Meaning(
        "neighbours kept (15)",
        "share of 15, 0 to 1",
        "how many of a cell's 15 nearest in the weighted input are its nearest in the latent space, too; cells that were "
        "trained on are among them",
        "Lee and Verleysen 2009, doi:10.1016/j.neucom.2008.12.017",
    ),
    "reconstruction_error_rna": Meaning(
        "reconstruction error, RNA",
        "mean squared error",
        "how far what comes back of a cell lies from what went in, on the scale of the input, a mean over its genes; cells "
        "with few counts, and of kinds that are rare, come back worse",
    ),
    "reconstruction_error_protein": Meaning(
        "reconstruction error, proteins",
        "mean squared error",
        "the same over its proteins",
    ),
    "ilisi": Meaning(
        "batches mixed (iLISI)",
        "batches, from 1",
        "how many batches meet among a cell's 90 nearest in the latent space, the nearer ones counting more",
        "Korsunsky 2019, doi:10.1038/s41592-019-0619-0",
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
}


def meaning_of(name):
    """The sentence on a score of scores.json, whose name may say what it is of ("_pca"); "" where none is written."""
    if name.startswith("variance_explained"):
        return EXPLAINED.sentence
    known = (score for score in SCORES if name == score or name.startswith(f"{score}_"))
    return next((SCORES[score].sentence for score in known), "")


def verdict(jaccard):
    """What a cluster's mean Jaccard with its best matches means, by Hennig's thresholds."""
    return "stable" if jaccard >= STABLE else "doubtful" if jaccard >= DOUBTFUL else "dissolves"
