"""Where a colour scale ends: clipped at the 99th percentile, said beside it, and set by a person."""

import numpy as np
import pytest
from figure_data import THEMES

from core.errors import UserError
from core.figures import AUTOMATIC, VALUE, Clip, Colour, coded, span
from core.figures.theme import AROUND_ZERO, VALUES

RANDOM = np.random.default_rng(0)


def test_a_scale_ends_at_the_99th_percentile_and_says_so():
    values = np.append(RANDOM.random(999), 79.0)
    ends = span(values)
    assert (ends.low, ends.high) == (values.min(), np.percentile(values, 99))
    assert ends.note == f"clipped at {ends.high:.3g}, maximum 79" and ends.scale == VALUES
    assert coded(Colour("x", values)).codes[-1] == 254  # a value beyond the end has the colour of the end


def test_where_most_values_are_0_the_percentile_is_that_of_the_others():
    expressed = RANDOM.exponential(size=8)
    values = np.append(np.zeros(992), expressed)  # the 99th percentile of all is 0
    ends = span(values)
    assert (ends.low, ends.high) == (0, np.percentile(expressed, 99))
    half = np.append(np.zeros(4), [1.0, 2.0, 3.0, 4.0])  # not most: half
    assert span(half).high == np.percentile(half, 99)


def test_values_of_both_signs_have_zero_in_the_middle():
    values = RANDOM.normal(size=1000)
    far = np.percentile(np.abs(values), 99)
    ends = span(values)
    assert (ends.low, ends.high, ends.scale) == (-far, far, AROUND_ZERO["light"])
    assert ends.note.startswith(f"clipped at ±{far:.3g}, values from ")
    sparse = np.append(np.zeros(900), values[:100])
    assert span(sparse).high == np.percentile(np.abs(values[:100]), 99)


def test_values_below_0_are_clipped_at_their_long_end():
    values = -np.append(RANDOM.random(999), 50.0)
    ends = span(values)
    assert (ends.low, ends.high) == (np.percentile(values, 1), values.max())
    assert ends.note == f"clipped at {ends.low:.3g}, minimum -50"


@pytest.mark.parametrize(
    "values, low, high",
    [
        ([0.0] * 9, 0, 1),
        ([3.0] * 9, 3, 4),
        ([-2.0] * 9, -2, -1),
        ([np.nan] * 9, 0, 1),
        ([], 0, 1),
        ([2.0, np.nan, np.inf, -np.inf], 2, 3),
        ([5.0] * 999 + [100.0], 5, 100),  # the clip would leave one colour
    ],
)
def test_values_without_a_range_have_a_scale_and_no_clip(values, low, high):
    ends = span(np.array(values))
    assert (ends.low, ends.high, ends.note) == (low, high, "")


def test_a_person_sets_percentiles_or_values():
    values = np.arange(101.0)
    ends = span(values, clip=Clip(5, 90))
    assert (ends.low, ends.high) == (5, 90) and ends.note == "clipped at 5 and 90, values from 0 to 100"
    ends = span(values, clip=Clip(None, 3.2, VALUE))
    assert (ends.low, ends.high, ends.note) == (0, 3.2, "clipped at 3.2, maximum 100")
    wide = span(values, clip=Clip(-10, 200, VALUE))
    assert (wide.low, wide.high, wide.note) == (-10, 200, "") and wide.scale == VALUES
    sparse = np.append(np.zeros(900), np.arange(1.0, 101))
    assert span(sparse, clip=Clip(None, 50)).high == 50.5  # of the values that are not 0
    assert span(values, clip=Clip(None, 100)).note == ""


@pytest.mark.parametrize("clip", [Clip(500, None, VALUE), Clip(None, -5, VALUE)])
def test_an_end_beyond_all_values_gives_a_scale_of_one_colour(clip):
    ends = span(np.arange(10.0), clip=clip)
    assert ends.low < ends.high and ends.note
    assert len(set(coded(Colour("x", np.arange(10.0), clip=clip)).codes)) == 1


@pytest.mark.parametrize("theme", THEMES)
def test_ends_that_differ_keep_the_grey_of_zero_at_zero(theme):
    ends = span(np.array([-4.0, 4.0]), theme, Clip(-1, 3, VALUE))
    assert [at for at, paint in ends.scale if paint == AROUND_ZERO[theme][2][1]] == [0.25]
    assert span(np.array([-4.0, 4.0]), theme, Clip(None, 2, VALUE))[:2] == (-2, 2)
    assert span(np.array([-4.0, 4.0]), theme, Clip(1, 3, VALUE)).scale == VALUES


def test_ends_in_the_wrong_order_are_refused():
    with pytest.raises(
        UserError, match=r"lower end of the colour scale \(5\) is not below the upper end \(2\)"
    ):
        Clip(5, 2).checked()
    assert AUTOMATIC.checked() == AUTOMATIC


def test_large_numbers_are_not_written_with_an_exponent():
    values = np.append(np.full(999, 10_000.0) + np.arange(999), 52_345.0)
    assert span(values).note == f"clipped at {span(values).high:,.0f}, maximum 52,345"
