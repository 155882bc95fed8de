"""The parts of a bundle, and the size of its figures; light enough for the page."""

from typing import NamedTuple

from core.errors import UserError


class Part(NamedTuple):
    """An optional part of a bundle: its label and its content."""

    label: str
    content: str


PARTS = {
    "h5ad": Part(
        "result.h5ad", "the data with latent space, maps, clusters and names; for scanpy, cellxgene and R"
    ),
    "tables": Part("Tables", "cells, latent space and maps as CSV"),
    "weights": Part("Weights", "model.pt, for torch.load"),
    "markers": Part("Markers", "markers of the chosen clusters as CSV; computed first if necessary"),
    "scores": Part("Scores", "all scores, as CSV and JSON"),
    "figures": Part(
        "Figures", "loss, maps (also as the page shows them), markers and composition as SVG, PDF and PNG"
    ),
    "report": Part("report.html", "everything on one page, with a methods paragraph for a paper"),
}
DENOISED = "denoised values of the used genes and proteins in result.h5ad (a larger file)"

INCH = 25.4  # mm
PIXELS = 96  # of CSS an inch, by which plotly counts
SMALLEST, LARGEST = 40, 500  # mm
COARSEST, FINEST = 72, 1200  # dots an inch
MOST_DOTS = 100e6  # of a PNG: four bytes each


class Size(NamedTuple):
    """Millimetres wide and high, and the dots an inch of what is made of dots."""

    width: float
    height: float
    dpi: int

    def check(self):
        """The same; raises UserError where a figure cannot have this size."""
        for what, value in (("width", self.width), ("height", self.height)):
            if not isinstance(value, int | float) or not SMALLEST <= value <= LARGEST:
                raise UserError(
                    f"The {what} of figures is from {SMALLEST} to {LARGEST} mm "
                    f"({SMALLEST / INCH:.1f} to {LARGEST / INCH:.1f} inches): change it."
                )
        if not isinstance(self.dpi, int | float) or not COARSEST <= self.dpi <= FINEST:
            raise UserError(f"Dots an inch are from {COARSEST} to {FINEST}: change their number.")
        if self.dots > MOST_DOTS:
            raise UserError(
                f"Figures of {self.width:.0f} x {self.height:.0f} mm at {self.dpi:.0f} dots an inch have "
                f"{self.dots / 1e6:,.0f} million dots each, and {MOST_DOTS / 1e6:.0f} at most can be drawn: make them "
                "smaller or coarser."
            )
        return self

    @property
    def dots(self):
        """Of a PNG of this size."""
        return self.inches[0] * self.inches[1] * self.dpi**2

    @property
    def inches(self):
        """(wide, high)"""
        return self.width / INCH, self.height / INCH

    @property
    def pixels(self):
        """(wide, high) in pixels of CSS, whole numbers."""
        return tuple(round(inches * PIXELS) for inches in self.inches)

    @property
    def scale(self):
        """Dots of a PNG for a pixel of CSS."""
        return self.dpi / PIXELS

    def as_high_as(self, pixels):
        """The same width, and as many pixels of CSS in height."""
        return self._replace(height=pixels / PIXELS * INCH)


DEFAULT = Size(180, 120, 300)  # 180 mm is two columns of most journals (Nature: 183)


def parts(names):
    """The names of PARTS among `names`, in their order; raises UserError for one that does not exist."""
    names = set(names)
    if strange := names - set(PARTS):
        raise UserError(f"A bundle has no part '{sorted(strange)[0]}': choose among {', '.join(PARTS)}.")
    return [name for name in PARTS if name in names]
