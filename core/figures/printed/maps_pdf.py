"""The maps of the Clusters page as a PDF, drawn by matplotlib in a process of its own: the caller loads no science."""

import subprocess
import sys
import threading
from pathlib import Path

from core.config.bundle import LARGEST, Size
from core.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 180.0  # a million cells in four panels take a third of it
AT_ONCE = threading.BoundedSemaphore(2)  # files that are drawn at the same time
WIDE, HIGH, LEGEND = 88, 78, 50  # mm of a panel, and beside all panels
DPI = 300
BUSY = "Other figures are being drawn. Wait a minute, then save the PDF again."
SLOW = f"The PDF took longer than {SECONDS:.0f} seconds to draw. Show fewer panels, then save it again."
FAILED = "The PDF could not be drawn. Save the figure as SVG instead."


def pdf(content):
    """The bytes of a PDF of core.figures.maps_file.Maps, given as their bytes; raises UserError where it cannot be drawn."""
    if not AT_ONCE.acquire(blocking=False):
        raise UserError(BUSY)
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "core.figures.printed.maps_pdf"],
            input=content,
            capture_output=True,
            cwd=ROOT,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise UserError(SLOW) from None
    finally:
        AT_ONCE.release()
    if answer.returncode or not answer.stdout.startswith(b"%PDF"):
        sys.stderr.write(answer.stderr.decode(errors="replace"))
        raise UserError(FAILED)
    return answer.stdout


def size_of(maps):
    """The Size of a file of Maps: all panels of the same size."""
    n, columns = len(maps.panels), max(1, min(maps.columns, len(maps.panels)))
    scale = 1 if n <= 4 else 0.6  # small multiples
    wide, high = columns * WIDE * scale + LEGEND, -(-n // columns) * HIGH * scale
    return Size(min(LARGEST, wide), min(LARGEST, high), DPI)


def _draw(content, file):
    from core.figures import maps_file
    from core.figures.printed import matplotlib_figures, matplotlib_maps

    maps = maps_file.read(content)
    size = size_of(maps)
    with matplotlib_figures.styled():
        sheet = matplotlib_figures.sheet(size)
        matplotlib_maps.shown(sheet, maps)
        sheet.savefig(file, format="pdf", dpi=size.dpi, metadata={"CreationDate": None})


if __name__ == "__main__":
    _draw(sys.stdin.buffer.read(), sys.stdout.buffer)
