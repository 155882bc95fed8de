"""Parts of the documents that pages show: definitions of docs/glossary.md, sections of docs/tutorial.md."""

import re
from functools import cache
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
GLOSSARY, TUTORIAL = DOCS / "glossary.md", DOCS / "tutorial.md"

HEADING = re.compile(r"(#{1,6}) (.*)")
PICTURE = re.compile(r"^!\[[^\]]*\]\([^)]*\)\n*", re.MULTILINE)
LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
MARKS = re.compile(r"[*`]")

# Anchors of the terms of the glossary that a sentence explains where it uses them; others, such as "cell", are everyday
# words of the field.
TECHNICAL = (
    *(
        "autoencoder",
        "encoder",
        "decoder",
        "latent-space",
        "latent-dimension",
        "reconstruction",
        "denoised-values",
    ),
    *(
        "isotype-control",
        "hashtag",
        "doublet",
        "data-checks",
        "quality-limits",
        "library-size",
        "variable-gene",
    ),
    *(
        "out-of-core",
        "recipe",
        "clr",
        "dsb",
        "modality",
        "batch-covariate",
        "training-cells",
        "validation-cells",
    ),
    *(
        "test-cells",
        "over-fitting",
        "early-stopping",
        "minibatch",
        "learning-rate",
        "dropout",
        "baseline",
        "epoch",
    ),
    *("split-counts", "marker", "pseudobulk", "embedding", "pca", "umap", "t-sne", "ilisi", "harmony"),
    *(
        "reference-mapping",
        "label-transfer",
        "co-clustering-consistency",
        "loadings",
        "expected-doublet-rate",
    ),
)
_LONGEST_FIRST = sorted((name.replace("-", "[ -]") for name in TECHNICAL), key=len, reverse=True)
TERMS = re.compile(rf"(?<![\w'-])((?:{'|'.join(_LONGEST_FIRST)})s?)(?![\w'-])", re.IGNORECASE)


def anchor(heading):
    """The anchor of a heading of a document, as GitHub writes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@cache
def sections(path):
    """{heading: (level, Markdown below it, to the next heading of any level)} of a document, in order."""
    parts, heading, in_code = {}, None, False
    for line in path.read_text(encoding="utf-8").splitlines():
        in_code ^= line.startswith("```")  # where a line that begins with # is a comment
        if not in_code and (match := HEADING.fullmatch(line)):
            heading = match[2]
            parts[heading] = (len(match[1]), [])
        elif heading:
            parts[heading][1].append(line)
    return {heading: (level, "\n".join(lines).strip()) for heading, (level, lines) in parts.items()}


def definition(name):
    """The first paragraph on a term of the glossary, by its anchor, as plain text; KeyError where there is none."""
    texts = {anchor(heading): text for heading, (_, text) in sections(GLOSSARY).items()}
    paragraph = texts[name].partition("\n\n")[0].replace("\n", " ")
    return MARKS.sub("", LINK.sub(r"\1", paragraph))


def tutorial(headings):
    """Markdown of sections of the tutorial, each with the sections below it, without pictures; KeyError if absent.

    Links to the glossary lead to its page; links to other documents and sections are plain text.
    """
    parts, known = [], sections(TUTORIAL)
    names = list(known)
    for heading in headings:
        level, text = known[heading]
        parts.append(f"#### {heading}\n\n{text}")
        for below in names[names.index(heading) + 1 :]:
            if known[below][0] <= level:
                break
            parts.append(f"##### {below}\n\n{known[below][1]}")
    return LINK.sub(_link, PICTURE.sub("", "\n\n".join(parts)))


def _link(match):
    text, address = match.groups()
    if address.startswith(("http:", "https:")):
        return match[0]
    page, _, place = address.partition("#")
    if page == "glossary.md":
        return f"[{text}](/glossary{'#' if place else ''}{place})"
    return text
