"""What can colour mapped cells: transferred label, confidence, distance from the run's cells, or their own labels."""

import numpy as np

from core.analysis import mapping_summary
from core.errors import UserError
from core.figures import Colour, category_colours, theme_colours

BY = {
    "label": "transferred label",
    "confidence": "confidence",
    "farness": "distance from the run's cells",
    "own": "own labels",
}


def colour_of_mapped(about, arrays, by, threshold, theme, own=None):
    """The Colour of a mapping's cells by one of BY; labels below the threshold are unknown.

    `own`: (cells,) names, "" for none; raises UserError where `by` needs them and they are None.
    """
    if by == "confidence":
        return Colour("confidence", np.array(arrays["confidence"]), None, "share of the neighbours' votes")
    if by == "farness":
        unit = "share of the run's cells that lie nearer to their neighbours"
        return Colour("distance", np.array(arrays["farness"]), None, unit)
    if by == "own":
        if own is None:
            raise UserError("Choose the column with their own labels first.")
        names, codes = np.unique(own, return_inverse=True)
        if names[0] == "":
            names, codes = names[1:], codes - 1
        return Colour("own label", codes, tuple(names), "")
    codes = mapping_summary.sure(arrays["codes"], arrays["confidence"], threshold)
    n = len(about["names"])
    # Unknown cells have the text colour, as the cells of the run are grey.
    colours = (*category_colours(n), theme_colours(theme).text)
    codes = np.where(codes < 0, n, codes)
    return Colour(about["title"], codes, (*about["names"], mapping_summary.UNKNOWN), about["words"], colours)
