"""report.html: a run on one page that needs nothing from outside, from what the data is to a paragraph for a paper."""

import base64
import html
from pathlib import Path
from typing import NamedTuple

from core.analysis.metrics.descriptions import SCORES, SPACES, meaning_of
from core.config import told
from core.export.references import cited

TEMPLATE = Path(__file__).with_suffix(".html")
LARGE = 400_000  # bytes of an SVG, above which the PNG stands in the report
TOP = 8  # markers of a group
WEIGHT = {"stop": 0, "warning": 1, "note": 2}


class Report(NamedTuple):
    """All that a report tells. Plain values; names that people gave are escaped where they are written."""

    title: str
    subtitle: str
    data: dict  # the record of the data set
    dataset: str  # its name
    steps: list  # {"label", "said"} of each step that the data set has been through
    config: object  # RunConfig
    facts: dict
    epochs: list
    groups: dict  # {"words", "names", "sizes", "markers": a list of names a group or None, "stability": ...}
    scores: dict  # of the run
    judged: list  # records of all spaces, [] where they were not judged
    figures: list  # core.figures.printed.print_all.Printed
    preparation: str  # what became of the values, in words
    network: str  # what the model is, in words
    paragraph: (
        str  # for the methods section of a paper; the keys of core.export.references stand in all three
    )
    rules: list  # core.export.h5ad_rules.Finding, [] where there is no result.h5ad
    warnings: list  # sentences
    versions: dict
    names: list  # of the files in the bundle


def write(path, report):
    """Leave the Report at `path`, one file."""
    parts = [
        ("Warnings", _warnings(report)),
        ("The data", _data(report)),
        ("What was done", _done(report)),
        ("Training", _training(report)),
        ("Maps", _figures(report, ("latent", "embeddings"))),
        ("Clusters", _clusters(report)),
        ("Scores", _scores(report)),
        ("Methods", _methods(report)),
        ("Files", _files(report)),
    ]
    parts = [(name, body) for name, body in parts if body]
    sections = "\n".join(
        f'<section id="part-{i}"><h2>{name}</h2>\n{body}\n</section>' for i, (name, body) in enumerate(parts)
    )
    links = "".join(f'<a href="#part-{i}">{name}</a>' for i, (name, _) in enumerate(parts))
    page = TEMPLATE.read_text(encoding="utf-8").format(
        title=_e(report.title), subtitle=_e(report.subtitle), contents=links, sections=sections
    )
    Path(path).write_text(page, encoding="utf-8")


def _e(text):
    return html.escape(str(text))


def _p(text, style=""):
    return f'<p class="{style}">{_e(text)}</p>' if style else f"<p>{_e(text)}</p>"


def _list(lines, style=""):
    return f'<ul class="{style}">' + "".join(f"<li>{_e(line)}</li>" for line in lines) + "</ul>"


def _table(head, rows, numeric=()):
    """A table of text; `numeric` are the columns whose numbers stand right."""

    def row(values, tag):
        cells = "".join(
            f"<{tag}{' class=num' if i in numeric else ''}>{_e(v)}</{tag}>" for i, v in enumerate(values)
        )
        return f"<tr>{cells}</tr>"

    body = "".join(row(values, "td") for values in rows)
    return f'<div class="scroll"><table><thead>{row(head, "th")}</thead><tbody>{body}</tbody></table></div>'


def _number(value, digits=3):
    return "–" if value is None else f"{value:.{digits}f}"


def _warnings(report):
    return _list(report.warnings, "warn") if report.warnings else ""


def _data(report):
    data = report.data
    size = f"{data['cells']:,} cells, {data['genes']:,} genes, {len(data['proteins']):,} proteins"
    holds = f"{data['badge']['words'] if data.get('badge') else ''}. {data['verdict']['evidence']}".lstrip(
        ". "
    )
    findings = sorted(data.get("findings", ()), key=lambda f: WEIGHT[f["severity"]])
    rows = [[f["severity"], f["sentence"], f.get("evidence", "")] for f in findings]
    told = _table(["", "what was found", "such as"], rows) if rows else _p("Nothing is amiss with it.")
    return (
        _p(f"{report.dataset}: {size}.") + _p(holds) + told + _p(f"Fingerprint: {data['data_hash']}", "quiet")
    )


def _done(report):
    """The steps, the preparation and the model in words, then the network and all settings."""
    config, parts = report.config, []
    if report.steps:
        parts.append(_table(["step", "what it did"], [[s["label"], s["said"]] for s in report.steps]))
    facts = report.facts
    layers = config.layers(facts["n_genes"], facts["n_proteins"], len(facts["groups"]))
    n_weights = sum(layer.weights for layer in layers)
    network = _table(["layer", "from", "to", "weights"], [_layer(layer) for layer in layers], (1, 2, 3))
    parts += [_p(f"{report.preparation} {report.network}"), _list(facts["notes"]) if facts["notes"] else ""]
    parts.append(_folded(f"Network: {n_weights:,} weights", network))
    return "".join([*parts, _folded("All settings", _table(["setting", "value", ""], told(config)))])


def _folded(summary, body):
    return f"<details><summary>{_e(summary)}</summary>{body}</details>"


def _layer(layer):
    return [layer.name, f"{layer.n_in:,}", f"{layer.n_out:,}", f"{layer.weights:,}"]


def _training(report):
    facts, best = report.facts, report.facts["best_epoch"]
    sticks = facts["yardsticks"]
    rows = []
    if report.epochs:
        last, kept = report.epochs[-1], report.epochs[best - 1]
        rows += [["training loss, last epoch", _number(last["train_loss"], 4)]]
        rows += [["validation loss, last epoch", _number(last["valid_loss"], 4)]]
        rows += [[f"validation loss, best epoch ({best})", _number(kept["valid_loss"], 4)]]
    rows += [["PCA of as many dimensions, validation cells", _number(sticks["valid"]["pca"]["total"], 4)]]
    rows += [["training mean, validation cells", _number(sticks["valid"]["mean"]["total"], 4)]]
    where = "test" if facts["n_test"] else "validation"
    if facts["loss"]:
        rows += [[f"kept weights, {where} cells", _number(facts["loss"]["total"], 4)]]
        rows += [[f"PCA, {where} cells", _number(sticks["judges"]["pca"]["total"], 4)]]
    cells = (
        f"{facts['n_train']:,} training, {facts['n_valid']:,} validation and {facts['n_test']:,} test cells"
    )
    words = _p(
        f"{cells}; {facts['device_name']}. The loss is the {report.config.loss_words}; lower is better."
    )
    return words + _table(["", "loss"], rows, (1,)) + _figures(report, ("loss",))


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
    return _p(groups["words"]) + _table(head, rows, (1, 2)) + _figures(report, ("markers", "composition"))


def _scores(report):
    """The table of all spaces with what each score says, or the run's own scores."""
    parts = []
    if report.judged:
        records = report.judged
        spaces, names = (list(dict.fromkeys(r[what] for r in records)) for what in ("space", "score"))
        values = {(r["score"], r["space"]): r["value"] for r in records}
        rows = [[SCORES[name].title, *(_number(values.get((name, s))) for s in spaces)] for name in names]
        parts.append(_table(["", *(SPACES[s] for s in spaces)], rows, range(1, len(spaces) + 1)))
        parts.append(_list((SCORES[name].sentence for name in names), "quiet"))
        notes = sorted({f"{r['title']}: {r['note']}." for r in records if r["note"]})
        parts.append(_list(notes, "quiet") if notes else "")
    shown = {k: v for k, v in report.scores.items() if isinstance(v, float)}
    rows = [[name.replace("_", " "), _number(value)] for name, value in shown.items()]
    parts.append(_table(["of the run", ""], rows, (1,)))
    where = "test" if report.scores.get("judged_on") == "test" else "validation"
    cells = f"On {report.scores.get('judged_cells', 0):,} {where} cells; pca is PCA of as many dimensions."
    parts.append(_p(cells, "quiet"))
    parts.append(_list(dict.fromkeys(filter(None, map(meaning_of, shown))), "quiet"))
    return "".join(parts)


def _methods(report):
    sources = "".join(f"<li>{_e(source)}</li>" for source in cited(report.paragraph))
    return f'{_p(report.paragraph)}<h3>References</h3><ol class="sources">{sources}</ol>'


def _files(report):
    parts = [_folded(f"{len(report.names)} files", _list(report.names))]
    if report.rules:
        rows = [["yes" if f.holds else "no", f.rule, f.of, f.words] for f in report.rules]
        parts.append("<h3>What cellxgene and zellkonverter (R) ask of result.h5ad</h3>")
        parts.append(_table(["follows", "rule", "of", ""], rows))
    parts.append("<h3>Versions</h3>")
    parts.append(_table(["", ""], [[k, v] for k, v in report.versions.items()]))
    return "".join(parts)


def _figures(report, names):
    """The figures of these names, as pictures in the file: an image cannot run what somebody may have put in a name."""
    found = []
    for printed in report.figures:
        if printed.name in names:
            svg = printed.files["svg"]
            path, kind = (svg, "svg+xml") if svg.stat().st_size < LARGE else (printed.files["png"], "png")
            content = base64.b64encode(path.read_bytes()).decode()
            title = _e(printed.title)
            found.append(
                f'<figure><img src="data:image/{kind};base64,{content}" alt="{title}">'
                f"<figcaption>{title}</figcaption></figure>"
            )
    return "".join(found)
