"""The report of a bundle: what of a run goes into it."""

import numpy as np

from core.analysis.marker_measures import best
from core.analysis.metrics.descriptions import stability_of
from core.config.dataset_record import DatasetRecord
from core.config.run_facts import RunFacts
from core.config.run_files import survival_of
from core.export import methods, report, reproduce
from core.export.versions import versions
from core.preprocessing.recipe import STEPS
from core.store import Status
from core.worker.jobs.bundle_figures import LEAST_SHARE


def report_of(content, made_at, figures, findings, remarks, names):
    """The core.export.report.Report of a BundleContent.

    `made_at` is when (ISO 8601, UTC), `figures` are Printed, `findings` those of core.export.h5ad_rules, `remarks` sentences of
    the making, `names` the files beside it.
    """
    run, data = content.run, DatasetRecord.of(content.dataset)
    facts = RunFacts.upgraded(run["facts"])
    steps = [{"name": s["name"], "label": STEPS[s["name"]].label, "said": s["said"]} for s in data.steps]
    tsne = any(name.endswith("tsne") for name in content.embeddings)
    used, values = content.record["versions"], content.markers["values"] if content.markers else ""
    trained = facts.model_copy(update={"n_done": len(content.epochs)})
    when = f"{made_at[:16].replace('T', ' ')} UTC"
    return report.Report(
        title=run["name"],
        subtitle=f"{content.dataset['name']}; run {run['id']}; made {when} by Nuwa {versions()['nuwa']}",
        data=data,
        dataset=content.dataset["name"],
        steps=steps,
        config=content.config,
        facts=facts,
        epochs=content.epochs,
        groups=_groups(content),
        scores=run["scores"],
        space_scores=content.space_scores(),
        figures=figures,
        preparation=methods.preparation(content.config, facts, data),
        network=methods.model(content.config, facts),
        paragraph=methods.paragraph(
            content.config,
            trained,
            data,
            steps,
            content.grouping,
            values,
            tsne,
            used,
            content.seeds_together(),
            content.conditions(),
        ),
        rules=findings,
        warnings=[*remarks, *_warnings(content, findings)],
        versions=used | reproduce.machine(),
        names=names,
    )


def _groups(content):
    """What the report says of each group."""
    codes, names = np.asarray(content.colour.values), list(content.colour.categories)
    sizes = np.bincount(codes[codes >= 0], minlength=len(names)).tolist()
    markers = stability = None
    if content.markers:
        features = content.features()
        top = best(content.marker_values(), report.TOP, LEAST_SHARE)
        marked = dict(zip(content.markers["names"], top, strict=True))
        markers = [[features[i] for i in marked.get(name, [])] for name in names]
    survival = content.array(survival_of(content.resolution))
    if survival is not None and content.by == "clusters":
        stability = [f"{stability_of(mean)} ({mean:.2f})" for mean in np.asarray(survival).mean(axis=1)]
    sentence = f"{content.grouping[0].upper()}{content.grouping[1:]}. {len(names)} groups."
    return {"words": sentence, "names": names, "sizes": sizes, "markers": markers, "stability": stability}


def _warnings(content, findings):
    """What whoever reads the report should know first."""
    facts, run = RunFacts.upgraded(content.run["facts"]), content.run
    checked = DatasetRecord.of(content.dataset).findings
    sentences = [f.sentence for f in checked if f.severity != "note"] + list(facts.happened)
    if facts.loss and facts.loss.total >= facts.test_baselines.pca.total:
        size = facts.test_baselines.pca_size
        size = f"{size} dimensions" if size else "as many dimensions"
        sentences.append(f"PCA of {size} does as well as the autoencoder, or better, by this loss.")
    if not facts.n_test:
        sentences.append(
            "There are too few cells for a test set: the scores are of cells that chose the epoch."
        )
    if run["status"] != Status.DONE:
        sentences.append(f"The run was not trained to its end. {run['message']}")
    broken = [f"{f.of}: {f.rule} ({f.detail})" for f in findings if not f.holds]
    return sentences + [f"result.h5ad does not follow a rule of {rule}." for rule in broken]
