"""Which side of a table the cells are on: by the cells of the first file, by known names, else by the person."""

from core.data.cell_matching import match
from core.data.read.axis_names import cells_evidence, genes_evidence, like_barcodes, like_genes, like_proteins
from core.data.read.tables.annotations import describes, names_of
from core.text import few

KNOWN = 0.5  # share of names of a known pattern from which an axis is known
LITTLE = 0.2  # share below which names do not speak against that
HEADERS = "the header of a column or row says so"
MANY = 2000  # names of an axis that are looked at


def rows_are_genes(layout, rows, columns, name, reading) -> bool:
    """Whether the rows of a table are genes; asks where neither the names nor the headers tell.

    `rows` and `columns` are names, [] where there are none.
    """
    rows, columns = _some(rows), _some(columns)
    if reading.cells is not None:
        inside = [match(names, reading.cells, unique=False).n for names in (rows, columns)]
        if max(inside):
            return inside[1] > inside[0]
    upright, why_upright = _evidence(rows, columns)
    turned, why_turned = _evidence(columns, rows)
    of_rows = {describes(layout.columns[i]) for i in layout.aside} | {names_of(layout.corner)}
    of_columns = {describes(header) for header in layout.above_rows}
    if "cells" in of_rows or "genes" in of_columns:
        upright, why_upright = 1.0, why_upright or HEADERS
    if "genes" in of_rows or "cells" in of_columns:
        turned, why_turned = 1.0, why_turned or HEADERS
    sure = max(upright, turned) >= KNOWN and min(upright, turned) < LITTLE
    guess = turned > upright if turned != upright else _looks(columns, rows) > _looks(rows, columns)
    shown = [
        few((str(one)[:30] for one in names), 2) if names else "(not at all)" for names in (rows, columns)
    ]
    examples = f"The rows of '{name}' are named {shown[0]} and its columns {shown[1]}"
    choices = [(False, "rows are cells, columns are genes"), (True, "rows are genes, columns are cells")]
    transpose = reading.answer(f"{examples}: which are the cells?", "transpose", choices, bool(guess), sure)
    answered = reading.answers.get("transpose") is not None
    why = "your answer" if answered else (why_turned if transpose else why_upright)
    reading.say(f"{examples}; the {'columns' if transpose else 'rows'} were taken as cells ({why}).")
    return transpose


def _evidence(cells, genes):
    """(how surely these are cells and those genes, 0 to 1; why)."""
    of_cells, of_genes, proteins = cells_evidence(cells), genes_evidence(genes), like_proteins(genes)
    reasons = []
    if of_cells.share >= KNOWN:
        reasons.append(f"names of cells: {of_cells.what}")
    if of_genes.share >= KNOWN:
        reasons.append(f"names of genes: {of_genes.what}")
    elif proteins >= KNOWN:
        reasons.append("names of proteins")
    return max(of_cells.share, of_genes.share, proteins), "; ".join(reasons)


def _looks(cells, genes):
    """A guess by names that only look like genes, and by what is usual: more genes than cells."""
    names = like_barcodes(cells) + max(like_genes(genes), like_proteins(genes))
    return names + 1e-6 * (len(genes) > len(cells))


def _some(names):
    return names[:: max(1, len(names) // MANY)]
