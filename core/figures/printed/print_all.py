"""Plates to files: SVG, PDF and PNG of each, by Chromium where it can and by matplotlib where it cannot or need not."""

from typing import NamedTuple

from core.figures.printed import chromium, matplotlib_figures
from core.figures.printed.paper_figures import on_paper

FORMATS = ("svg", "pdf", "png")
UNDATED = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {},
}  # the same figure is the same file


class Printed(NamedTuple):
    """A PaperFigure on disk: its name and title, what drew it, and its files by format."""

    name: str
    title: str
    by: str
    files: dict


def print_all(
    paper_figures, folder, scratch, report=lambda message, share: None, seconds=None, formats=FORMATS
):
    """(a Printed each, a sentence on what went wrong or ""); the files are in `folder`.

    Up to 20,000 points a figure is drawn by kaleido, all of vectors; above, or with more groups than its legend takes,
    or where Chromium fails or takes longer
    than `seconds` (None: as long as so many figures may take), by matplotlib, its points as dots. `scratch` is an
    empty folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {p.name: {form: folder / f"{p.name}.{form}" for form in formats} for p in paper_figures}
    tasks = [
        _task(figure, paper_figure.size, form, paths[paper_figure.name][form])
        for paper_figure in paper_figures
        if paper_figure.vectors
        for figure in [on_paper(paper_figure)]
        for form in formats
    ]
    message = f"Drawing {len(paper_figures)} figures."
    wrong = chromium.draw(tasks, scratch, lambda share: report(message, 0.8 * share), seconds)
    printed = []
    for i, paper_figure in enumerate(paper_figures):
        files = paths[paper_figure.name]
        by = "plotly"
        if not all(path.exists() for path in files.values()):
            report(f"Drawing {paper_figure.title.lower()}.", 0.8 + 0.2 * i / len(paper_figures))
            by = "matplotlib"
            _draw(paper_figure, files)
        printed.append(Printed(paper_figure.name, paper_figure.title, by, files))
    return printed, wrong


def _task(figure, size, form, out):
    wide, high = size.pixels
    scale = size.scale if form == "png" else 1
    return {"figure": figure, "out": str(out), "format": form, "width": wide, "height": high, "scale": scale}


def _draw(paper_figure, files):
    """Draw a PaperFigure by matplotlib."""
    with matplotlib_figures.styled():
        sheet = matplotlib_figures.sheet(paper_figure.size)
        paper_figure.draw(sheet)
        for form, path in files.items():
            sheet.savefig(path, format=form, dpi=paper_figure.size.dpi, metadata=UNDATED[form])
