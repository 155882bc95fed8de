"""The Welcome page: one picture, one sentence, three buttons."""

from pathlib import Path

from app_under_test import sent

from dashboard.components import location
from dashboard.pages import home

ASSETS = Path(__file__).resolve().parents[2] / "assets"


def page(nuwa):
    return home.layout(nuwa.view, location.resolve(nuwa.view, ""))


def buttons(nuwa):
    styled = [part for part in page(nuwa)._traverse() if "btn-lg" in (getattr(part, "className", None) or "")]
    return [(part.children, getattr(part, "href", None)) for part in styled]


def test_there_are_three_ways_to_begin(bare, finished):
    assert buttons(finished) == [
        ("Try the example", None),
        ("Use my own file", "/data"),
        ("Recent runs", "/runs"),
    ]
    assert [name for name, _ in buttons(bare)] == ["Try the example", "Use my own file", "Recent runs"]
    assert buttons(bare)[2][1] is None  # there are no runs to see


def test_there_is_one_picture_with_a_text_for_screen_readers(bare):
    (picture,) = [part for part in page(bare)._traverse() if type(part).__name__ == "Img"]
    assert picture.alt == home.PICTURE and (ASSETS / Path(picture.src).name).stat().st_size < 200_000


def test_the_example_is_named_with_its_licence(bare):
    assert "10x Genomics, CC BY 4.0" in sent(page(bare))
