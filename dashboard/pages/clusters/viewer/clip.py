"""The ends of the colour scales that a person sets: the fields, and their text in a link, such as "value~0~3.2"."""

from core.config.numbers import Number, text_of
from core.errors import UserError
from core.figures import AUTOMATIC, PERCENTILE, VALUE, Clip
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.links import BETWEEN

UNITS = {PERCENTILE: "percentiles", VALUE: "values"}
LOW, HIGH = "Lower end of the scale", "Upper end of the scale"
NUMBERS = {
    PERCENTILE: (Number(LOW, low=0, high=100, optional=True), Number(HIGH, low=0, high=100, optional=True)),
    VALUE: (Number(LOW, optional=True), Number(HIGH, optional=True)),
}
FIELDS = (ids.CLIP_LOW, ids.CLIP_HIGH)


def clip_of(low, high, unit):
    """The Clip of the texts of both fields; raises UserError where one of them cannot be used."""
    unit = unit if unit in UNITS else PERCENTILE
    ends = [number.read(text) for number, text in zip(NUMBERS[unit], (low, high), strict=True)]
    return Clip(*ends, unit).checked() if ends != [None, None] else AUTOMATIC


def clip_text(clip):
    """A Clip in a link; "" for the automatic one."""
    return "" if clip == AUTOMATIC else BETWEEN.join((clip.unit, text_of(clip.low), text_of(clip.high)))


def read_clip(text):
    """The Clip of a text in a link; raises UserError where it is invalid."""
    if not text:
        return AUTOMATIC
    unit, *ends = text.split(BETWEEN)
    if unit not in UNITS or len(ends) != 2:
        raise UserError("The ends of the colour scale in this link are invalid. Enter them again.")
    return clip_of(*ends, unit)
