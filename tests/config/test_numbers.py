"""Text to numbers: comma and point, grouping, ranges, and a sentence for what cannot be used."""

import pytest

from core.config import specs
from core.config.numbers import Number, text_of
from core.errors import UserError

WHOLE = Number("Epochs", whole=True, low=1, high=10_000)
SHARE = Number("Share", low=0, high=1, low_open=True, high_open=True)
SUM = Number("Target sum", low=1, high=1e7, unit="counts")
ANY = Number("At least", optional=True)


@pytest.mark.parametrize(
    "number, text, value",
    [
        (WHOLE, "20", 20),
        (WHOLE, " 20 ", 20),
        (WHOLE, "+20", 20),
        (WHOLE, "20.0", 20),
        (WHOLE, "20,0", 20),
        (WHOLE, "1e3", 1000),
        (WHOLE, "5 000", 5000),
        (WHOLE, "5\u00a0000", 5000),
        (WHOLE, "5\u202f000", 5000),
        (WHOLE, "5'000", 5000),
        (WHOLE, "２０", 20),
        (WHOLE, 20, 20),
        (WHOLE, 20.0, 20),
        (SHARE, "0,01", 0.01),
        (SHARE, "0.01", 0.01),
        (SHARE, ",5", 0.5),
        (SHARE, ".5", 0.5),
        (SHARE, "0,001", 0.001),
        (SHARE, "1e-3", 0.001),
        (SHARE, "1,5e-3", 0.0015),
        (SUM, "1,5", 1.5),
        (SUM, "10000", 10_000.0),
        (SUM, "1,000,000", 1_000_000.0),
        (SUM, "1.000.000", 1_000_000.0),
        (SUM, "1,234.5", 1234.5),
        (SUM, "1.234,5", 1234.5),
        (SUM, "12 345,5", 12_345.5),
        (SUM, "1234,567", 1234.567),
        (SUM, "5.125", 5.125),
        (ANY, "−1,5", -1.5),
        (ANY, "-0", 0.0),
        (ANY, "", None),
        (ANY, "  ", None),
        (ANY, None, None),
    ],
)
def test_a_number_is_read_as_it_was_meant(number, text, value):
    result = number.read(text)
    assert result == value and type(result) is type(value)


@pytest.mark.parametrize(
    "number, text, sentence",
    [
        (WHOLE, "20.5", "Epochs: '20.5' is not a whole number. Enter a whole number from 1 to 10000."),
        (WHOLE, "1,5", "Epochs: '1,5' is not a whole number. Enter a whole number from 1 to 10000."),
        (WHOLE, 20.5, "Epochs: '20.5' is not a whole number. Enter a whole number from 1 to 10000."),
        (WHOLE, "5,000", "Epochs: '5,000' can mean 5 or 5000. Enter it without a thousands separator."),
        (WHOLE, "5.000", "Epochs: '5.000' can mean 5 or 5000. Enter it without a thousands separator."),
        (WHOLE, "5,0000", "Epochs: '5,0000' is not a whole number. Enter a whole number from 1 to 10000."),
        (WHOLE, "1.234", "Epochs: '1.234' can mean 1.234 or 1234. Enter it without a thousands separator."),
        (WHOLE, "0", "Epochs: '0' is too small. Enter a whole number from 1 to 10000."),
        (WHOLE, "-1", "Epochs: '-1' is too small. Enter a whole number from 1 to 10000."),
        (WHOLE, "1e9", "Epochs: '1e9' is too large. Enter a whole number from 1 to 10000."),
        (WHOLE, "abc", "Epochs: 'abc' is not a number. Enter a whole number from 1 to 10000."),
        (WHOLE, "1 2", "Epochs: '1 2' is not a number. Enter a whole number from 1 to 10000."),
        (WHOLE, "", "Epochs is empty. Enter a whole number from 1 to 10000."),
        (WHOLE, None, "Epochs is empty. Enter a whole number from 1 to 10000."),
        (WHOLE, True, "Epochs: 'True' is not a number. Enter a whole number from 1 to 10000."),
        (WHOLE, [20], "Epochs: '[20]' is not a number. Enter a whole number from 1 to 10000."),
        (SUM, "10,000", "Target sum: '10,000' can mean 10 or 10000. Enter it without a thousands separator."),
        (SUM, "10.000", "Target sum: '10.000' can mean 10 or 10000. Enter it without a thousands separator."),
        (SHARE, "0", "Share: '0' is too small. Enter a number above 0 and below 1."),
        (SHARE, "1", "Share: '1' is too large. Enter a number above 0 and below 1."),
        (ANY, "nan", "At least: 'nan' is not a number. Enter a number."),
        (ANY, "inf", "At least: 'inf' is not a number. Enter a number."),
        (ANY, "1e999", "At least: '1e999' is not a number. Enter a number."),
        (ANY, float("nan"), "At least: 'nan' is not a number. Enter a number."),
        (ANY, "1_000", "At least: '1_000' is not a number. Enter a number."),
        (ANY, "0x10", "At least: '0x10' is not a number. Enter a number."),
        (ANY, "1,00,000", "At least: '1,00,000' is not a number. Enter a number."),
        (ANY, "∞", "At least: '∞' is not a number. Enter a number."),
        (ANY, "٣", "At least: '٣' is not a number. Enter a number."),
        (ANY, "10²", "At least: '10²' is not a number. Enter a number."),
        (ANY, "1½", "At least: '1½' is not a number. Enter a number."),
        (ANY, "5 %", "At least: '5 %' is not a number. Enter a number."),
        (ANY, ".", "At least: '.' is not a number. Enter a number."),
        (ANY, "1" * 500, f"At least: '{'1' * 40}…' is not a number. Enter a number."),
    ],
)
def test_what_cannot_be_used_gets_one_sentence(number, text, sentence):
    with pytest.raises(UserError) as error:
        number.read(text)
    assert str(error.value) == sentence


def test_one_reading_out_of_range_leaves_no_doubt_about_a_fraction():
    assert Number("Learning rate", low=0, high=10).read("1,250") == 1.25


@pytest.mark.parametrize("value", [0, 20, -3, 0.1, 1e-5, 1e7, 10_000.0, 1.234, 5.125, 0.30000000000000004])
def test_what_a_field_shows_is_read_as_the_same_number(value):
    assert ANY.read(text_of(value)) == value


def test_the_default_of_every_setting_can_be_read_from_its_field():
    for spec in specs():
        if spec.number and spec.default is not None:
            assert spec.number.read(text_of(spec.default)) == spec.default
