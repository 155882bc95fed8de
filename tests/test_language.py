"""The words of pages, messages, documents and comments: the field's terms, and none of the terms they replaced."""

import io
import re
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# What must not be written -> what to write. Lower case letters match either case; others match as they stand.
REPLACED = {
    # Terms.
    r"data sets?\b": "dataset",
    r"yardsticks?": "baseline",
    r"judging cells": "test cells",
    r"\bdoctors?\b": "data checks",
    r"\bshel(f|ves)\b": "dataset folder",
    r"\bcompany\b": "co-clustering consistency",
    r"take ?away|\b(take|takes|taken|taking|took)( (it|them|a run|the result))? away\b": "download, bundle",
    r"\bthe window\b": "the web process, the page",
    r"\bturned cop(y|ies)\b|turned from rows to columns": "out-of-core transpose",
    r"count sticks?": "baselines of the count model",
    r"\bverdicts?\b": "kind, result",
    r"\bdoors?\b": "entry point",
    r"\bat the foot\b|\bthe foot\b|\bits foot\b": "bottom",
    # Idioms.
    r"\((any more|yet)\)": "no longer; not ... yet",
    r"\banew\b": "again",
    r"\bas (it|they) (came|comes|come)\b|\bas each comes\b": "raw, unchanged, with its defaults",
    r"\bwork it out\b": "compute",
    r"\bread it so\b": "load with this answer",
    r"\bcomes? out again\b": "reproducible, reproduce",
    r"\bfine grain\b|\blie of the land\b|\ba stranger among\b": "plain words for the score",
    r"\bsay how it is\b|\bwhat it is of\b|\bwhat there is of\b": "plain words",
    # Labels and messages.
    r"\bAt work:|Nothing (is )?at work": "Running: 1 training job; No jobs running",
    r"Leave the others out|Leave rarer genes out": "Remove cells outside the limits; Remove genes found in fewer cells",
    r"Propose again": "Reset to suggested limits",
    r"Selection is A|B is all other cells": "Use selection as group A; Compare with all other cells",
    r"\bBegin with\b": "Start from",
    r"\bColour it\b": "Set colour",
    r"does it come (out )?again": "Stability across random seeds",
    r"Compare those that are there": "Compare finished runs",
    r"\bwhat (comes|came) back\b|\b(come|comes|came) back (worse|worst|of)\b": "is reconstructed",
    r"to hold them against|holds? (them|it) against": "Reference labels; compare with",
    r"that should mix": "Batch column",
    r"the worker takes it now": "starting now",
    r"\bIt took\b|from the data to the latent": "Duration ... from loading data to latent space",
    r"chosen on\b": "validation cells; no test set",
    r"as the model sees it": "preprocessed",
    r"\btold (the|its) (batch|batches|donor)\b|\btold batches\b": "with a batch covariate",
    r"(?<!were\s)\bchosen: [{\d]": "automatic: 128",
    r"\bDragging\b|Draw it again": "Drag to: pan / lasso-select; Retry",
    r"\bTo the (data|training|model|clusters)\b": "Go to Data; Go to Train",
    r"come when you get here": "Loads when you scroll here.",
    r"\bamiss\b": "No problems found.",
    r"to take along|\btake along\b": "to include",
    r"Make the zip": "Create zip",
}

PATTERNS = {
    re.compile(words.replace(" ", r"\s+"), 0 if words != words.lower() else re.IGNORECASE): say
    for words, say in REPLACED.items()
}

# Keys of records on disk and in the database, and choices in links, which keep their names: whole string literals.
ON_DISK = {
    "yardsticks": "a key of facts in the database, and the name of a phase in phases.json",
    "verdict": "a key of dataset records and of the results of verify",
    "company": "the choice of a colour in links",
    "Verdict": "the name of a class",
}
IN_BRACES = re.compile(r"\{[^{}]*\}")  # the code in an f-string

# Text that stays, because files on disk, addresses or quotations have it: (file, text as it stands there, reason).
STAYS = [
    ("README.md", "yardsticks (baselines)", "the name of the phase in phases.json"),
]

# Places that are still to be cleaned; it shrinks to nothing.
NOT_YET = ()

GLOBS = (
    *(f"{top}/**/*.py" for top in ("core", "dashboard", "bench", "scripts")),
    *(
        "core/**/*.html",
        "dashboard/**/*.html",
        "assets/[6-9]*.js",
        "assets/nuwa.js",
        "assets/9*.css",
    ),
    *("README.md", "docs/*.md", "bench/*.md", "scripts/*.sh"),
    *("Makefile", "Dockerfile.cuda", ".ci/*", "requirements*.txt", "pyproject.toml"),
)
FILES = sorted({path.relative_to(ROOT) for glob in GLOBS for path in ROOT.glob(glob) if path.is_file()})


def texts(path):
    """[(line, text)] of a file: comments and string literals of Python, each as a whole; all lines of the rest."""
    source = (ROOT / path).read_text()
    if path.suffix != ".py":
        return [(1, source)]
    kinds = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", None)}
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    found = [(token.start[0], token.string) for token in tokens if token.type in kinds]
    return [(line, IN_BRACES.sub("{}", text)) for line, text in found if text.strip("\"'") not in ON_DISK]


def replaced_words(path):
    """What of the replaced terms a file has, each as "file:line: 'words' -> better"."""
    stays = [text for file, text, _ in STAYS if file == path.as_posix()]
    found = []
    for line, text in texts(path):
        for one in stays:
            text = text.replace(one, "")
        for pattern, better in PATTERNS.items():
            for match in pattern.finditer(text):
                at = line + text.count("\n", 0, match.start())
                words = " ".join(match.group(0).split())
                found.append(f"{path}:{at}: '{words}' -> {better}")
    return found


def is_clean_already(path):
    return not any(path.is_relative_to(place) for place in NOT_YET)


def test_no_file_has_any_of_the_replaced_terms():
    files = [path for path in FILES if is_clean_already(path)]
    found = [line for path in files for line in replaced_words(path)]
    assert files and not found, "\n".join(found)


@pytest.mark.parametrize(("file", "text", "reason"), STAYS)
def test_what_stays_is_still_there_and_has_a_reason(file, text, reason):
    assert any(text in one for _, one in texts(Path(file))) and reason


def test_terms_are_found_across_lines_and_in_either_case(tmp_path):
    path = tmp_path / "some.md"
    path.write_text("Loss on the Judging\ncells of a data set. It took 3 s.")
    assert [line.split("'")[1] for line in replaced_words(path)] == ["data set", "Judging cells", "It took"]


if __name__ == "__main__":  # python tests/test_language.py core/store: what is left there
    for path in FILES:
        if len(sys.argv) < 2 or any(path.is_relative_to(place) for place in sys.argv[1:]):
            print(*replaced_words(path), sep="\n", end="\n" if replaced_words(path) else "")
