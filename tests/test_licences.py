"""docs/licences.md has every package that Nuwa installs, and says what follows from each licence of the GPL."""

import re
from pathlib import Path

import pytest

from scripts import licences

ROOT = Path(__file__).resolve().parents[1]
OF_GPUS = ("nvidia", "cuda", "triton")  # what torch brings on machines with a GPU


@pytest.fixture(scope="module")
def document():
    return (ROOT / "docs/licences.md").read_text()


@pytest.fixture(scope="module")
def rows(document):
    """{name: (version, licence, list)} of the table in the document."""
    cells = [line.strip("| ").split(" | ") for line in document.splitlines() if line.startswith("| ")][1:]
    return {name: (version, terms, source.strip("`")) for name, version, terms, source in cells}


def test_the_table_is_what_is_installed(rows):
    installed = {name: (version, terms, source) for name, version, terms, source in licences.table()}
    differing = {name for name, row in installed.items() if rows.get(name) != row}
    assert not {name for name in differing if not name.startswith(OF_GPUS)}, "run make licences"
    assert rows.keys() <= installed.keys()


def test_every_package_has_a_licence_and_every_direct_one_is_there(rows):
    assert len(rows) > 80 and "not named" not in {terms for _, terms, _ in rows.values()}
    names = {licences.canonicalize_name(name) for name in rows}
    for source in licences.LISTS:
        assert {licences.canonicalize_name(one.name) for one in licences.listed(source)} <= names


def test_what_follows_from_the_gpl_is_said_for_each_package_that_has_it(document, rows):
    said = document.partition(licences.BEGIN)[0]
    gpl = {name for name, (_, terms, _) in rows.items() if re.search(r"(?<!L)GPL|General Public", terms)}
    assert gpl == {"igraph", "harmonypy"} and all(f"**{name}**" in said for name in gpl)
    assert rows["harmonypy"][2] == "requirements-harmony.txt"
