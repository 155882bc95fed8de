"""Write docs/licences.md: every package that Nuwa installs, with its version and licence, from what is installed here."""

import importlib.metadata
import re
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LISTS = (
    "requirements.txt",
    "requirements-harmony.txt",
    "requirements-postgresql.txt",
    "requirements-celery.txt",
)
BEGIN, END = "<!-- packages: begin -->", "<!-- packages: end -->"
# What a file of a licence begins with, where a package gives no short name.
TEXTS = (
    ("GNU GENERAL PUBLIC LICENSE", "GPL"),
    ("Apache License", "Apache-2.0"),
    ("MIT License", "MIT"),
    ("Permission is hereby granted, free of charge", "MIT"),
    ("Redistribution and use in source and binary forms", "BSD"),
)


def listed(name):
    """The Requirements of a list of packages."""
    lines = (ROOT / name).read_text().splitlines()
    return [Requirement(line.split("#")[0]) for line in lines if re.match(r"[\w.-]+(\[\w+\])?==", line)]


def closure(requirements):
    """The distributions that these bring, by canonical name: those that are installed here."""
    packages, waiting = {}, list(requirements)
    while waiting:
        one = waiting.pop()
        key = canonicalize_name(one.name)
        extras = one.extras or {""}
        if one.marker and not any(one.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        try:
            distribution = importlib.metadata.distribution(one.name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if key in packages and not one.extras:
            continue
        packages[key] = distribution
        for text in distribution.requires or ():
            needed = Requirement(text)
            if not needed.marker or any(needed.marker.evaluate({"extra": extra}) for extra in extras | {""}):
                needed.marker = None
                waiting.append(needed)
    return packages


def licence(distribution):
    """The licence of a distribution as one short line."""
    meta = distribution.metadata
    if text := meta.get("License-Expression"):
        return text
    names = [
        line.rpartition(" :: ")[2]
        for line in meta.get_all("Classifier") or ()
        if line.startswith("License ::") and line != "License :: OSI Approved"
    ]
    if names:
        return ", ".join(names)
    text = (meta.get("License") or "").strip()
    if text and "\n" not in text and len(text) < 60:
        return text
    files = [text] + [
        file.read_text()
        for file in distribution.files or ()
        if re.search(r"(?i)licen[sc]e|copying", file.name)
    ]
    return next((name for words, name in TEXTS for text in files if text and words in text), "not named")


def table():
    """The rows of all packages, and which list each first comes from."""
    rows, seen = [], set()
    for name in LISTS:
        packages = closure(listed(name))
        for key in sorted(packages.keys() - seen):
            one = packages[key]
            version = one.version.partition("+")[0]  # a build such as +cpu is the machine's
            rows.append((one.metadata["Name"], version, licence(one).replace("|", "/"), name))
        seen |= packages.keys()
    return sorted(rows, key=lambda row: canonicalize_name(row[0]))


def main():
    path = ROOT / "docs/licences.md"
    text = path.read_text()
    lines = ["| package | version | licence | list |", "|---|---|---|---|"]
    lines += [f"| {name} | {version} | {terms} | `{source}` |" for name, version, terms, source in table()]
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    path.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}")


if __name__ == "__main__":
    main()
