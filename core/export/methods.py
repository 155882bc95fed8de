"""The methods paragraph of a run for a paper, with its numbers and sources."""

from core.config import gene_names, steps_for
from core.config.dataset_record import DatasetRecord
from core.config.run_facts import RunFacts
from core.config.training import DISTANCES
from core.sparse.pearson import THETA
from core.text import listed

GENES_BY = {
    "seurat_v3": "the variance of their counts beyond that of genes of like mean (seurat_v3; Stuart 2019)",
    "seurat": "their dispersion among genes of like mean (Satija 2015)",
    "cell_ranger": "their dispersion among genes of like mean (cell_ranger; Zheng 2017)",
}
PROTEINS_BY = {
    "clr": "transformed by the centred log-ratio of each protein across training cells (Stoeckius 2017)",
    "clr_cells": "transformed by the centred log-ratio within each cell (Stoeckius 2017)",
    "dsb": "transformed by DSB, against empty droplets (Mulè 2022)",
    "none": "used without a transform",
}
NORMS = {"batch": "batch normalisation (Ioffe 2015)", "layer": "layer normalisation (Ba 2016)", "none": ""}
BENDS = {"elu": "ELU (Clevert 2016)", "leaky_relu": "leaky ReLU", "relu": "ReLU", "tanh": "tanh"}
OPTIMIZERS = {
    "adamw": "AdamW (Loshchilov 2019)",
    "adam": "Adam (Kingma 2015)",
    "sgd": "stochastic gradient descent with momentum 0.9",
    "rmsprop": "RMSprop",
}
SCHEDULES = {
    "onecycle": "a one-cycle schedule (Smith 2019) with a peak learning rate of",
    "constant": "a constant learning rate of",
    "cosine": "a learning rate that fell along a cosine from",
}


def paragraph(
    config,
    facts,
    data,
    steps=(),
    clusters="",
    markers="",
    tsne=False,
    versions=None,
    seeds=None,
    conditions="",
):
    """The paragraph, plain text; the keys of core.export.references stand in it.

    `config` is the RunConfig of the run, `facts` its RunFacts or their JSON, with "n_done" where
    it has fewer epochs than it was to have; `data` the record of its dataset (a DatasetRecord or its JSON), `steps` the steps that it had been through
    (records with "name" and "said"), `clusters` how the groups were made in words, `markers` of which values their markers
    are, "" where there are none; `tsne` says whether it was made. `seeds` is the record of seeds_together.json, where several
    seeds were used together, `conditions` the sentence on a comparison of conditions, "" without one.
    """
    versions, facts = versions or {}, RunFacts.upgraded(facts)
    parts = [
        _data(facts, data, steps),
        preparation(config, facts, data),
        model(config, facts),
        _training(config, facts),
        _result(config, facts),
        _after(config, facts, clusters, markers, tsne),
        _seeds(config, seeds),
        conditions,
        _software(versions, facts),
    ]
    return " ".join(part for part in parts if part)


def _data(facts, data, steps):
    record = DatasetRecord.upgraded(data)
    what = f"{record.genes:,} genes" + (f" and {len(record.proteins)} proteins" if record.proteins else "")
    sentences = [f"The dataset holds {what} in {facts.n_cells:,} cells."]
    sentences += [step["said"] for step in steps]
    names = {step["name"] for step in steps}
    if "score_doublets" in names:
        sentences.append("Doublets were scored by Scrublet (Wolock 2019).")
    if "score_cell_cycle" in names:
        sentences.append("The cell cycle was scored by the genes of Tirosh 2016.")
    return " ".join(sentences)


def preparation(config, facts, data):
    """How the values were preprocessed; a step that did not apply is left out."""
    record, facts = DatasetRecord.upgraded(data), RunFacts.upgraded(facts)
    steps = steps_for(record.kind, bool(record.proteins), bool(record.protein_background))
    scaled = (
        "centred and scaled to unit variance by the mean and standard deviation of the training cells and clipped at "
        f"{config.clip:g} standard deviations"
    )
    residuals = config.gene_transform == "pearson"
    sentences, again = ["The model was trained on proteins alone."], scaled
    if facts.n_genes:
        sentences, again = (
            [_values(config, steps), _genes(config, facts, steps)],
            "centred and scaled in the same way",
        )
        if steps["scale"].applies and config.scale and not residuals:
            sentences.append(f"Each gene was {_scaled(config, scaled)}.")
        if residuals or config.scale_exponent != 1:
            again = scaled
    n, unseen = facts.n_proteins, facts.n_unseen_proteins
    if unseen:
        sentences.append(
            "The model was trained on RNA alone; the proteins were used to evaluate its latent space."
        )
    if n or unseen:
        protein_values = f"The values of {n or unseen} proteins were {PROTEINS_BY[config.protein_transform]}"
        sentences.append(f"{protein_values}{f', then {again}' if config.scale else ''}.")
    return " ".join(sentences)


def _scaled(config, by_deviation):
    """How genes are scaled, `by_deviation` where they are divided by their standard deviation itself."""
    if config.scale_exponent == 1:
        return by_deviation
    return (
        "centred by the mean of the training cells, divided by their standard deviation to the power of "
        f"{config.scale_exponent:g} and clipped at {config.clip:g}"
    )


def _values(config, steps):
    if config.gene_transform == "pearson":
        return (
            "Counts were transformed to analytic Pearson residuals (Lause 2021) with an overdispersion of "
            f"{THETA:g}, the abundance of each gene from the training cells, clipped at the square root of their number."
        )
    done = []
    if steps["normalize"].applies and config.normalize:
        done.append(f"scaled to {config.target_sum:,.0f} counts a cell")
    if steps["log1p"].applies and config.log1p:
        done.append("transformed by log(1 + x)")
    return f"Values were {listed(done)}." if done else "Values were used without normalisation."


def _genes(config, facts, steps):
    n = f"{facts.n_genes:,}"
    chosen = steps["n_top_genes"].applies and config.n_top_genes and facts.n_genes < _offered(facts)
    logged = config.hvg_flavor == "seurat_v3" and not steps["normalize"].applies
    sentence = f"All {n} genes that the training cells express were used"
    if chosen:
        sentence = f"The {n} most variable genes were chosen in the training cells by "
        sentence += GENES_BY["seurat" if logged else config.hvg_flavor]
        sentence += f", within each value of {config.hvg_batch_key}" if config.hvg_batch_key else ""
    n_kept, n_dropped = len(gene_names(config.keep_genes)), len(gene_names(config.drop_genes))
    more = [f"{n_kept} named genes were always used"] if n_kept and chosen else []
    more += [f"{n_dropped} named genes were excluded"] if n_dropped else []
    for off, what in (("mito", "mitochondrial"), ("ribo", "ribosomal"), ("cell_cycle", "cell-cycle")):
        more += [f"{what} genes were excluded"] if getattr(config, f"drop_{off}") else []
    return f"{sentence}; {listed(more)}." if more else f"{sentence}."


def _offered(facts):
    """How many genes there were to choose from: more than were used where none of the notes says "all"."""
    return 0 if any(note.startswith("All ") for note in facts.notes) else float("inf")


def model(config, facts):
    """The model in a sentence or two."""
    facts = RunFacts.upgraded(facts)
    both = facts.n_genes and facts.n_proteins
    branches = " with a branch each for RNA and protein that meet in one latent space" if both else ""
    proteins = ", background and foreground for protein (Gayoso 2021)" if facts.n_proteins else ""
    genes = ", negative binomial for RNA (Lopez 2018)" if facts.n_genes else ""
    what = config.model_record.methods.format(branches=branches, genes=genes, proteins=proteins)
    hidden = f"{config.n_hidden if facts.n_genes else config.n_hidden_protein} hidden units"
    hidden += f" ({config.n_hidden_protein} for protein)" if both else ""
    layers = "one hidden layer" if config.n_layers == 1 else f"{config.n_layers} hidden layers"
    where = "before" if config.model_record.linear_decoder else "on each side of"
    sentence = f"The model is {what}: {layers} of {hidden} {where} {config.n_latent} latent dimensions"
    also = [BENDS[config.activation], NORMS[config.norm]]
    also += ["a linear path from the latent dimensions to the output"] if config.has_linear_path else []
    also += [f"dropout of {config.dropout:g}"] if config.dropout else []
    also += [f"dropout of {config.input_dropout:g} on the input counts"] if config.input_dropout else []
    if config.noise_on_latent:
        also += [
            f"Gaussian noise of {config.noise_on_latent:g} standard deviations on the latent dimensions in training"
        ]
    sentence += f", with {listed([word for word in also if word])}."
    if facts.groups:
        sentence += f" The batch of each cell ({config.batch_key}, {len(facts.groups)} values) enters encoder and decoder one-hot."
    return sentence


def _training(config, facts):
    weights = ""
    if facts.n_genes and facts.n_proteins:
        weights = (
            f" (weighted {config.weight_rna:g} for RNA and {config.weight_of('protein'):.3g} for protein)"
        )
    cells = f"{facts.n_train:,} training cells"
    if config.split_by:
        cells += f" (whole groups of {config.split_by} were held out)"
    held = f"{facts.n_valid:,} validation cells were used to choose the epoch"
    held += f" and {facts.n_test:,} test cells to evaluate it" if facts.n_test else ""
    penalties = [f"L1 of {config.l1:g}"] if config.l1 else []
    penalties += [f"weight decay of {config.l2:g}"] if config.l2 else []
    if config.model_record.variational:
        penalties.append(
            f"a KL weight of {config.beta:g} that grew over the first {config.beta_warm_up:.0%} of the steps"
        )
    target = ""
    if config.splits_counts:
        target = (
            " In each step the counts of every cell were divided at random into two parts by binomial thinning (Batson 2019; "
            f"Neufeld 2023): the encoder saw {config.split_share:.0%} of the molecules, and the loss was that of predicting "
            f"the others, each part {_own_statistics(config)}."
        )
        target += " Proteins were not divided." if facts.n_proteins else ""
        target += " Afterwards the whole counts were encoded."
    clipped = f" Gradients were clipped at a norm of {config.clip_grad:g}." if config.clip_grad else ""
    stop = (
        f" Training was to stop after {config.patience} epochs without a better validation loss."
        if config.patience
        else ""
    )
    return (
        f"It was trained on {cells} by {OPTIMIZERS[config.optimizer]} with {SCHEDULES[config.schedule]} {config.lr:g}, "
        f"minibatches of {config.batch_size} cells, {facts.n_epochs if facts.n_done is None else facts.n_done} epochs"
        f"{' and ' + listed(penalties) if penalties else ''}, minimising the {config.loss_label.split(',')[0]}{weights}, with "
        f"the seed {config.seed}; {held}.{target}{clipped}{stop}"
    )


def _own_statistics(config):
    if config.gene_transform == "pearson":
        return "transformed by its own total"
    return "normalised by its own total and scaled by its own mean and standard deviation"


def _result(config, facts):
    if not facts.loss:
        return ""
    baselines, where = facts.test_baselines, "test" if facts.n_test else "validation"
    size, others = config.n_latent, ""
    if baselines.regression:
        size = f"{baselines.pca_size} (the number with the lowest loss on validation cells)"
        others = (
            f", that of a reduced-rank regression from one part to the other {baselines.regression.total:.4f}"
        )
    return (
        f"The weights of epoch {facts.best_epoch} were kept; their loss on {where} cells is {facts.loss.total:.4f}, that of a "
        f"PCA with {size} dimensions {baselines.pca.total:.4f}{others}, and that of the training mean "
        f"{baselines.mean.total:.4f}."
    )


def _after(config, facts, clusters, markers, tsne):
    sentences = [f"Clusters: {clusters}."] if clusters else []
    sentences.append(
        f"Embeddings are UMAP (McInnes 2018) with 15 neighbours by {DISTANCES[config.metric]}, of the latent space and of the "
        "principal components of the input."
    )
    if tsne:
        sentences.append("t-SNE (van der Maaten 2008) was computed by openTSNE (Poličar 2024).")
    if facts.groups:
        sentences.append(
            "For comparison, the principal components were corrected by Harmony (Korsunsky 2019)."
        )
    if markers:
        sentences.append(
            "Markers of each group against all other cells were found by the two-sided rank-sum test with ties corrected "
            f"(Mann 1947; values: {markers}), p adjusted over features (Benjamini 1995), and ranked by AUC. The test takes "
            "cells as replicates, which cells of one sample are not (Squair 2021), and clusters were found from the same genes "
            "(Zhang 2019), so these p values rank genes and say nothing about other samples."
        )
    return " ".join(sentences)


def _seeds(config, record):
    """The space of several seeds together, by its record; "" without one."""
    if not record:
        return ""
    seeds = listed([str(one["seed"]) for one in record["runs"]])
    scaled = (
        "each cell scaled to unit length in each"
        if config.metric == "cosine"
        else "each centred and scaled to the same total variance"
    )
    return (
        f"The latent spaces of trainings with the seeds {seeds} were joined side by side, {scaled}, to one space of "
        f"{record['dimensions']} dimensions, which has a UMAP and Leiden clusters (resolution {record['resolution']:g}) of its "
        f"own by {DISTANCES[config.metric]}."
    )


def _software(versions, facts):
    used = [
        ("nuwa", "Nuwa", ""),
        ("torch", "PyTorch", " (Paszke 2019)"),
        ("scanpy", "scanpy", " (Wolf 2018)"),
    ]
    used += [
        ("anndata", "anndata", " (Virshup 2024)"),
        ("umap-learn", "umap-learn", ""),
        ("igraph", "igraph", ""),
    ]
    packages = [f"{name} {versions[key]}{source}" for key, name, source in used if key in versions]
    return f"The software was {listed(packages)}, run on {facts.device_name}." if packages else ""
