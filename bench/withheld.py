"""What proteins add to the latent space, measured on proteins that the model has not seen."""

import numpy as np

from bench import latents, sets
from core.analysis.metrics.scores import variance_explained
from core.config import parse
from core.training import learn

FOLDS, NEIGHBOURS = 3, 15


def measure(seed):
    """{"alone", "joint": R^2 of withheld proteins on test cells, and "rna_alone", "rna_joint": variance explained of RNA}.

    A third of the proteins is withheld at a time; the mean of the 15 nearest training cells in the
    latent space predicts them for the test cells. "joint" has the other proteins, "alone" has RNA only. R^2 is
    the mean over all proteins.
    """
    from sklearn.metrics import r2_score
    from sklearn.neighbors import KNeighborsRegressor

    data = next(d for d in sets.SETS if d.name == "pbmc10k_citeseq")
    target = latents.proteins(data, seed)
    whole = latents.given(data.name, True)
    alone = _learnt(latents.given(data.name, False), seed)
    names, split = _names(data, seed), alone.start.split
    found, explained = {"alone": [], "joint": []}, []
    for fold in np.array_split(np.random.default_rng(seed).permutation(len(names)), FOLDS):
        adata = whole.copy()
        adata.obsm["protein"] = whole.obsm["protein"].drop(columns=names[fold])
        joint = _learnt(adata, seed)
        explained.append(_explained(joint))
        for name, learnt in (("alone", alone), ("joint", joint)):
            asked = KNeighborsRegressor(NEIGHBOURS).fit(
                learnt.latent[split.train], target[split.train][:, fold]
            )
            foretold = asked.predict(learnt.latent[split.test])
            found[name] += list(r2_score(target[split.test][:, fold], foretold, multioutput="raw_values"))
    row = {name: float(np.mean(values)) for name, values in found.items()}
    return row | {"rna_alone": float(_explained(alone)), "rna_joint": float(np.mean(explained))}


def _learnt(adata, seed):
    *_, learnt = learn.learn(adata, parse({"seed": seed}))
    return learnt


def _names(data, seed):
    return latents.prepared(data.name, True, seed)[2].proteins


def _explained(learnt):
    return variance_explained(learnt.loss.rna, learnt.start.on_scored.mean.rna)


def table(rows):
    """The lines of the table: RNA alone beside RNA and protein, the mean and standard deviation over the seeds."""
    yield f"| {len(rows)} seeds, {FOLDS} folds | R^2 of withheld proteins | variance of RNA explained |"
    yield "|---|---|---|"
    for words, name in (("RNA alone", "alone"), ("RNA and the other proteins", "joint")):
        values = ([row[key] for row in rows] for key in (name, f"rna_{name}"))
        cells = (f"{np.mean(v):.3f} ({np.std(v, ddof=min(1, len(v) - 1)):.3f})" for v in values)
        yield f"| {words} | {' | '.join(cells)} |"
