"""The documents agree with the code: files, links, rooms, commands, options, settings and make targets that they name."""

import argparse
import importlib
import re
from pathlib import Path

import pytest
from test_architecture import ALLOWED, ENTRY_POINTS

from core.cli import COMMANDS
from core.config import RunConfig
from core.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "bench/README.md",
    *sorted(ROOT.glob("docs/*.md")),
]
PRESENT = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]  # the changelog may name what is gone

LINK = re.compile(r"\]\(([^)\s]+)\)")
OURS = re.compile(r"`((?:core|dashboard|assets|tests|bench|docs|scripts)/[\w./*-]+)`")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]+")
# Options of other programs that the documents name: docker, systemd, PostgreSQL, Slurm, the benchmarks.
OTHER_OPTIONS = {
    *(
        "--init",
        "--gpus",
        "--seeds",
        "--sets",
        "--methods",
        "--tables",
        "--illico",
        "--help",
        "--write",
        "--logdir",
        *("--profile", "--build", "--detach", "--scale", "--build-arg", "--name", "--stop-timeout"),
        *("--rmi", "--volumes", "--now", "--system", "--create-home", "--home-dir", "--clean"),
        *("--partition", "--time", "--mem", "--gres"),
    ),
}


def named(path):
    return str(path.relative_to(ROOT))


def anchors(path):
    """The anchors of a document: its headings as GitHub writes them, and every id that it gives itself."""
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    heads = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
    return slugs | set(re.findall(r'<a id="([^"]+)"', text))


def tables(text):
    """Rows of all tables of a text, as lists of cells."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def section(text, title):
    """The lines below a heading of level 3, to the next heading."""
    return text.partition(f"\n### {title}\n")[2].partition("\n#")[0]


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere(path):
    for target in LINK.findall(path.read_text()):
        if re.match(r"https?:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), f"{named(path)} links to {target}"
        assert not anchor or anchor in anchors(there), f"{named(path)} links to {target}"


@pytest.mark.parametrize("path", PRESENT, ids=named)
def test_every_file_that_a_document_names_is_there(path):
    for name in OURS.findall(path.read_text()):
        if name.startswith("bench/results/"):  # written by a benchmark
            continue
        assert list(ROOT.glob(name.rstrip("/"))), f"{named(path)} names {name}"


def test_the_arrows_in_the_document_are_those_that_are_checked():
    text = (ROOT / "docs/architecture.md").read_text()
    rooms = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[2])) for row in tables(text) if len(row) == 3}
    assert {room: allowed for room, allowed in rooms.items() if room in ALLOWED} == ALLOWED
    for entry_point in ENTRY_POINTS:
        assert rooms[entry_point] == set(ENTRY_POINTS) - {entry_point}  # "every room but `...`"


HOW_TO = {
    # title: (what to look for, files of core and dashboard that may name it beside those of the list)
    "A model": (None, ()),
    "A score": ("continuity_15", ()),
    "A file format": (
        "loom",
        ("core/data/read/hdf5.py", "core/cli/input_files.py", "dashboard/pages/data/add_data.py"),
    ),
    "A page": (None, ()),
    "A card": ("latent_effects", ()),
    "A setting": (
        "clip_grad",
        ("core/export/methods.py", "core/training/diagnosis.py", "core/training/next_settings.py"),
    ),
    "A CLI command": (None, ()),
}


def listed_files(title):
    text = section((ROOT / "docs/architecture.md").read_text(), title)
    return re.findall(r"^- `([^`]+)`", text, flags=re.MULTILINE)


def test_every_list_of_how_to_add_something_is_checked():
    text = (ROOT / "docs/architecture.md").read_text().partition("## How to add")[2]
    assert re.findall(r"^### (.*)$", text, flags=re.MULTILINE) == list(HOW_TO)


@pytest.mark.parametrize("title", HOW_TO)
def test_a_list_of_how_to_add_something_names_files_that_are_there(title):
    files = listed_files(title)
    assert len(files) >= 2
    for file in files:
        assert (ROOT / file).is_file(), f"{title}: {file}"


@pytest.mark.parametrize("title", [title for title, (word, _) in HOW_TO.items() if word])
def test_a_list_of_how_to_add_something_is_complete(title):
    """No other file of core or dashboard has the name of the example in its code."""
    word, others = HOW_TO[title]
    having = {
        path.relative_to(ROOT).as_posix()
        for top in ("core", "dashboard")
        for path in (ROOT / top).rglob("*.py")
        if re.search(rf"\b{word}\b", without_comments(path))
    }
    assert having <= {*listed_files(title), *others}


def without_comments(path):
    return re.sub(r'""".*?"""|#[^\n]*', "", path.read_text(), flags=re.DOTALL)


def options():
    """Every option of every command."""
    found = set()
    for name in COMMANDS:
        parser = argparse.ArgumentParser()
        importlib.import_module(f"core.cli.{name}").add(parser)
        found |= options_of(parser)
    return found


def options_of(parser):
    """The options of a parser and of its subcommands; argparse has no public list of them."""
    subparsers = [a.choices.values() for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    below = (options_of(one) for choices in subparsers for one in choices)
    return set(parser._option_string_actions).union(*below)


@pytest.mark.parametrize("path", PRESENT, ids=named)
def test_commands_and_options_that_a_document_names_exist(path):
    text = path.read_text()
    assert set(re.findall(r"python -m core (\w+)", text)) - {"COMMAND"} <= set(COMMANDS)
    assert set(OPTION.findall(text)) <= options() | OTHER_OPTIONS


def test_the_readme_names_every_command_and_every_setting_of_the_server():
    text = (ROOT / "README.md").read_text()
    assert all(f"python -m core {name}" in text for name in COMMANDS)
    code = (ROOT / "core/settings.py").read_text()
    assert set(re.findall(r"NUWA_[A-Z_]+", code)) <= set(re.findall(r"NUWA_[A-Z_]+", text))


@pytest.mark.parametrize("path", PRESENT, ids=named)
def test_variables_that_a_document_names_are_read_somewhere(path):
    code = "".join(
        p.read_text() for top in ("core", "dashboard", "tests") for p in (ROOT / top).rglob("*.py")
    )
    for name in set(re.findall(r"NUWA_[A-Z_]+", path.read_text())):
        assert name.removeprefix("NUWA_").lower() in Settings.model_fields or name in code, (
            f"{named(path)} names {name}"
        )


def test_settings_with_a_reason_exist_and_have_that_default():
    text = (ROOT / "docs/models.md").read_text().partition("## Defaults and their reasons")[2]
    names = {name for row in tables(text) for name in re.findall(r"`(\w+)`", row[0])}
    assert len(names) > 5 and names <= set(RunConfig.model_fields)


@pytest.mark.parametrize("path", PRESENT, ids=named)
def test_make_targets_that_a_document_names_exist(path):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    found = re.findall(r"`make ([a-z-]+)|^make ([a-z-]+)", path.read_text(), flags=re.MULTILINE)
    assert {a or b for a, b in found} <= targets


def test_the_glossary_has_each_term_once_and_the_documents_link_to_it():
    glossary = ROOT / "docs/glossary.md"
    terms = re.findall(r"^### (.*)$", glossary.read_text(), flags=re.MULTILINE)
    assert len(terms) > 50 and len({term.lower() for term in terms}) == len(terms)
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        assert path == glossary or "glossary.md" in path.read_text(), (
            f"{named(path)} has no link to the glossary"
        )
