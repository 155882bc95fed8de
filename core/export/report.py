"""report.html: a run on one page that needs nothing from outside; the page itself is the template report.html."""

import base64
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jinja2

from core.analysis.marker_measures import CAUTION
from core.analysis.metrics.descriptions import SCORES, SPACES, meaning_of
from core.config import setting_rows
from core.config.dataset_record import DatasetRecord
from core.config.run_facts import RunFacts
from core.export.references import cited
from core.text import interval

LARGE = 400_000  # bytes of an SVG, above which the PNG stands in the report
TOP = 8  # markers of a group
PARTS = (
    *(
        "Warnings",
        "The data",
        "What was done",
        "Training",
        "Embeddings",
        "Clusters",
        "Scores",
        "Methods",
        "Files",
    ),
)
EMBEDDINGS = ("latent", "embeddings", "maps")  # names of figures
WEIGHT = {"stop": 0, "warning": 1, "note": 2}


class Report(NamedTuple):
    """All that a report shows, as plain values; the template escapes them."""

    title: str
    subtitle: str
    data: dict  # the record of the dataset
    dataset: str  # its name
    steps: list  # {"label", "said"} of each step that the dataset has been through
    config: object  # RunConfig
    facts: RunFacts
    epochs: list
    groups: dict  # {"words", "names", "sizes", "markers": a list of names a group or None, "stability": ...}
    scores: dict  # of the run
    space_scores: list  # records of all spaces, [] where they were not compared
    figures: list  # core.figures.printed.print_all.Printed
    preparation: str  # what was done to the values, in words
    network: str  # what the model is, in words
    paragraph: (
        str  # for the methods section of a paper; the keys of core.export.references stand in all three
    )
    rules: list  # core.export.h5ad_rules.Finding, [] where there is no result.h5ad
    warnings: list  # sentences
    versions: dict
    names: list  # of the files in the bundle


class Table(NamedTuple):
    """A table of the page: `numeric` are the columns that are aligned to the right."""

    head: list
    rows: list
    numeric: tuple = ()


def write(path, report):
    """Write the Report to `path`, one file."""
    absent = {"Warnings"} if not report.warnings else set()
    absent |= {"Embeddings"} if not any(printed.name in EMBEDDINGS for printed in report.figures) else set()
    page = template().render(
        report=report,
        parts=[part for part in PARTS if part not in absent],
        embeddings=EMBEDDINGS,
        data=_data(report),
        steps=Table(["step", "result"], [[s["label"], s["said"]] for s in report.steps]),
        network=_network(report),
        settings=Table(["setting", "value", ""], setting_rows(report.config)),
        training=_training(report),
        clusters=_clusters(report),
        caution=CAUTION,
        spaces=_spaces(report.space_scores),
        scores=_scores(report.scores),
        sources=cited(report.paragraph),
        rules=_rules(report),
        versions=Table(["", ""], list(report.versions.items())),
        figures=[_figure(printed) for printed in report.figures],
    )
    Path(path).write_text(page, encoding="utf-8")


@cache
def template():
    """The page as a Jinja template: values are escaped, and a name that is not there is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")


def _number(value, digits=3):
    return "–" if value is None else f"{value:.{digits}f}"


def _data(report):
    data = DatasetRecord.upgraded(report.data)
    badge = data.badge.words if data.badge else ""
    findings = sorted(data.findings, key=lambda f: WEIGHT[f.severity])
    rows = [[f.severity, f.sentence, f.evidence] for f in findings]
    return {
        "size": f"{data.cells:,} cells, {data.genes:,} genes, {len(data.proteins):,} proteins",
        "holds": f"{badge}. {data.x.evidence}".lstrip(". "),
        "findings": Table(["", "finding", "example"], rows),
    }


def _network(report):
    facts = report.facts
    layers = report.config.layers(facts.n_genes, facts.n_proteins, len(facts.groups))
    rows = [[x.name, f"{x.n_in:,}", f"{x.n_out:,}", f"{x.weights:,}"] for x in layers]
    n_weights = f"{sum(layer.weights for layer in layers):,}"
    return {"n_weights": n_weights, "layers": Table(["layer", "from", "to", "weights"], rows, (1, 2, 3))}


def _training(report):
    facts = report.facts
    best = facts.best_epoch
    rows = []
    if report.epochs:
        last, best_epoch = report.epochs[-1], report.epochs[best - 1]
        rows += [["training loss, last epoch", _number(last["train_loss"], 4)]]
        rows += [["validation loss, last epoch", _number(last["valid_loss"], 4)]]
        rows += [[f"validation loss, best epoch ({best})", _number(best_epoch["valid_loss"], 4)]]
    baselines = facts.valid_baselines
    size = f"{baselines.pca_size} dimensions" if baselines.pca_size else "as many dimensions"
    rows += [[f"PCA of {size}, validation cells", _number(baselines.pca.total, 4)]]
    if baselines.regression:
        rows += [["reduced-rank regression, validation cells", _number(baselines.regression.total, 4)]]
    rows += [["training mean, validation cells", _number(baselines.mean.total, 4)]]
    where = "test" if facts.n_test else "validation"
    if facts.loss:
        rows += [[f"kept weights, {where} cells", _number(facts.loss.total, 4)]]
        rows += [[f"PCA, {where} cells", _number(facts.test_baselines.pca.total, 4)]]
    cells = f"{facts.n_train:,} training, {facts.n_valid:,} validation and {facts.n_test:,} test cells"
    return {"cells": cells, "losses": Table(["", "loss"], rows, (1,))}


def _clusters(report):
    groups, total = report.groups, max(1, sum(report.groups["sizes"]))
    rows = []
    for i, (name, n) in enumerate(zip(groups["names"], groups["sizes"], strict=True)):
        row = [name, f"{n:,}", f"{n / total:.1%}"]
        row += [", ".join(groups["markers"][i][:TOP]) or "none"] if groups["markers"] else []
        row += [groups["stability"][i]] if groups["stability"] else []
        rows.append(row)
    head = ["cluster", "cells", "of all"]
    head += ["top markers, by AUC"] if groups["markers"] else []
    head += ["over seeds"] if groups["stability"] else []
    return Table(head, rows, (1, 2))


def _spaces(records):
    """The table of all spaces with the meaning of each score; empty where they were not compared."""
    spaces, names = (list(dict.fromkeys(r[key] for r in records)) for key in ("space", "score"))
    values = {(r["score"], r["space"]): interval(r["value"], r.get("error")) for r in records}
    rows = [[SCORES[name].title, *(values.get((name, s), "–") for s in spaces)] for name in names]
    return {
        "table": Table(["", *(SPACES[s] for s in spaces)], rows, tuple(range(1, len(spaces) + 1))),
        "meanings": [SCORES[name].sentence for name in names],
        "notes": sorted({f"{r['title']}: {r['note']}." for r in records if r["note"]}),
    }


def _scores(scores):
    """The run's own scores with their meanings."""
    numbers = {
        name: value
        for name, value in scores.items()
        if isinstance(value, float) and not name.endswith("_error")
    }
    rows = [
        [name.replace("_", " "), interval(value, scores.get(f"{name}_error"))]
        for name, value in numbers.items()
    ]
    where = "test" if scores.get("judged_on") == "test" else "validation"
    return {
        "table": Table(["of the run", ""], rows, (1,)),
        "cells": f"On {scores.get('judged_cells', 0):,} {where} cells, with labels on all cells; pca is PCA of as many "
        "dimensions, and a difference is the model minus PCA. ± is 1.96 standard errors over cells.",
        "meanings": list(dict.fromkeys(filter(None, map(meaning_of, numbers)))),
    }


def _rules(report):
    rows = [["yes" if f.holds else "no", f.rule, f.of, f.detail] for f in report.rules]
    return Table(["follows", "rule", "of", ""], rows)


def _figure(printed):
    """A figure as an image in the page: an image runs no script that a name might hold."""
    svg = printed.files["svg"]
    path, kind = (svg, "svg+xml") if svg.stat().st_size < LARGE else (printed.files["png"], "png")
    content = base64.b64encode(path.read_bytes()).decode()
    return {"name": printed.name, "title": printed.title, "source": f"data:image/{kind};base64,{content}"}
