"""The report of a bundle: what of a run goes into it."""

import numpy as np

from core.analysis.marker_measures import best
from core.analysis.metrics.descriptions import stability_of
from core.config.run_facts import RunFacts
from core.config.run_files import survival_of
from core.export import methods, report, reproduce
from core.export.versions import versions
from core.preprocessing.recipe import STEPS
from core.store import Status
from core.worker.jobs.bundle_figures import LEAST_SHARE


def report_of(there, made, figures, findings, remarks, names):
    """The core.export.report.Report of a Gathered run.

    `made` is when (ISO 8601, UTC), `figures` are Printed, `findings` those of core.export.h5ad_rules, `remarks` sentences of
    the making, `names` the files beside it.
    """
    run, facts, data = there.run, there.run["facts"], there.dataset["record"]
    steps = [
        {"name": s["name"], "label": STEPS[s["name"]].label, "said": s["said"]}
        for s in (data.get("derived") or {}).get("steps", [])
    ]
    tsne = any(name.endswith("tsne") for name in there.embeddings)
    used, values = there.record["versions"], there.found["values"] if there.found else ""
    done = facts | {"n_done": len(there.epochs)}
    when = f"{made[:16].replace('T', ' ')} UTC"
    return report.Report(
        title=run["name"],
        subtitle=f"{there.dataset['name']}; run {run['id']}; made {when} by Nuwa {versions()['nuwa']}",
        data=data,
        dataset=there.dataset["name"],
        steps=steps,
        config=there.config,
        facts=facts,
        epochs=there.epochs,
        groups=_groups(there),
        scores=run["scores"],
        judged=there.judged(),
        figures=figures,
        preparation=methods.preparation(there.config, facts, data),
        network=methods.model(there.config, facts),
        paragraph=methods.paragraph(there.config, done, data, steps, there.words, values, tsne, used),
        rules=findings,
        warnings=[*remarks, *_warnings(there, findings)],
        versions=used | reproduce.machine(),
        names=names,
    )


def _groups(there):
    """What the report says of each group."""
    codes, names = np.asarray(there.colour.values), list(there.colour.categories)
    sizes = np.bincount(codes[codes >= 0], minlength=len(names)).tolist()
    markers = stability = None
    if there.found:
        features = there.features()
        top = best(there.marker_values(), report.TOP, LEAST_SHARE)
        marked = dict(zip(there.found["names"], top, strict=True))
        markers = [[features[i] for i in marked.get(name, [])] for name in names]
    survival = there.array(survival_of(there.resolution))
    if survival is not None and there.by == "clusters":
        stability = [f"{stability_of(mean)} ({mean:.2f})" for mean in np.asarray(survival).mean(axis=1)]
    words = f"{there.words[0].upper()}{there.words[1:]}. {len(names)} groups."
    return {"words": words, "names": names, "sizes": sizes, "markers": markers, "stability": stability}


def _warnings(there, findings):
    """What whoever reads the report should know first."""
    facts, run = RunFacts.upgraded(there.run["facts"]), there.run
    told = there.dataset["record"].get("findings", ())
    found = [f["sentence"] for f in told if f["severity"] != "note"] + list(facts.happened)
    if facts.loss and facts.loss.total >= facts.test_baselines.pca.total:
        found.append("PCA of as many dimensions does as well as the autoencoder, or better, by this loss.")
    if not facts.n_test:
        found.append("There are too few cells for a test set: the scores are of cells that chose the epoch.")
    if run["status"] != Status.DONE:
        found.append(f"The run was not trained to its end. {run['message']}")
    broken = [f"{f.of}: {f.rule} ({f.words})" for f in findings if not f.holds]
    return found + [f"result.h5ad does not follow a rule of {words}." for words in broken]
