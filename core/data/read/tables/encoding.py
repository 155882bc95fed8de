"""The encoding of a text file, and its first lines."""

import tempfile
from pathlib import Path

from core.data.read.archives import open_plain
from core.errors import UserError

PEEK = 200  # lines of the table that are looked at before it is read
LONGEST = 50_000_000  # characters of a line: a million cells of fifty
MOST_SAMPLE = 100_000_000  # characters of the first lines together
MARKS = (  # byte order marks; that of UTF-32 begins with that of UTF-16
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
NO_TEXT = (
    (b"PK\x03\x04", "an Excel workbook or another zip archive: save the sheet as CSV (UTF-8)"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook: save the sheet as CSV (UTF-8)"),
    (b"\x89HDF", "an HDF5 file: name it .h5ad or .h5"),
    (b"%PDF", "a PDF: bring the table itself"),
    (b"RDX", "a file of R: write the table with write.csv"),
)
WEB_PAGE = (b"<!doctype", b"<html", b"<?xml")
WINDOWS = "cp1252"  # what is not UTF-8 and has no mark; its undefined bytes are those of Latin-1
NAMES = {"utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32": "UTF-32"}
NAMES |= {WINDOWS: "Windows-1252 (it is not UTF-8)", "latin-1": "Latin-1 (it is not UTF-8)"}


def encoding_of(path: Path, name: str) -> str:
    """The encoding by the first bytes, "utf-8-sig" where they say nothing; raises UserError for what is no text."""
    with open_plain(path, "rb") as file:
        start = file.read(4096)
    for magic, what in NO_TEXT:
        if start.startswith(magic):
            raise UserError(f"'{name}' is no table of text but {what}.")
    if start.lstrip().lower().startswith(WEB_PAGE):
        raise UserError(f"'{name}' is a web page, no table: perhaps the download needed a login.")
    for mark, encoding in MARKS:
        if start.startswith(mark):
            return encoding
    if b"\0" not in start:
        return "utf-8-sig"
    pairs = start[: len(start) // 2 * 2]
    for encoding, high, low in (
        ("utf-16-le", pairs[1::2], pairs[::2]),
        ("utf-16-be", pairs[::2], pairs[1::2]),
    ):
        if high.count(0) > 0.9 * len(high) and low.count(0) == 0:
            return encoding
    raise not_text(name)


def next_encoding(encoding: str, name: str) -> str:
    """What to try where a file could not be decoded by `encoding`; raises UserError where nothing is left."""
    following = {"utf-8-sig": WINDOWS, WINDOWS: "latin-1"}
    if encoding not in following:
        raise not_text(name)
    return following[encoding]


def open_text(path: Path, encoding: str):
    """The file opened for reading text, unpacked where it is packed; line ends stay."""
    return open_plain(path, "rt", encoding=encoding, newline="")


def first_lines(path: Path, name: str) -> tuple[list[str], str]:
    """(the first lines with their ends, blank ones too, the encoding that they were read by)."""
    encoding = encoding_of(path, name)
    while True:
        try:
            return _lines(path, name, encoding), encoding
        except UnicodeDecodeError:
            encoding = next_encoding(encoding, name)


def _lines(path, name, encoding):
    lines, filled, letters = [], 0, 0
    with open_text(path, encoding) as file:
        while filled <= PEEK and letters < MOST_SAMPLE and (line := file.readline(LONGEST)):
            if len(line) == LONGEST:
                raise UserError(f"A line of '{name}' has no end: it is not a table of text.")
            if any(letter < " " and letter not in "\t\r\n\f\v" for letter in set(line)):
                raise not_text(name)
            lines.append(line)
            filled += bool(line.strip())
            letters += len(line)
            if len(lines) > 20 * PEEK:
                break
    return lines


def unwrapped(path: Path, name: str, reading) -> Path:
    """`path`, or a copy of it where every whole line is within quotation marks, as a table gets that is saved twice."""
    lines, encoding = first_lines(path, name)
    filled = [line for line in lines if line.strip()]
    if len(filled) < 2 or not all(_inside_quotes(line) for line in filled):
        return path
    copy = Path(tempfile.mkdtemp(dir=reading.scratch)) / "table.csv"
    while True:
        try:
            with open_text(path, encoding) as file, copy.open("w", encoding="utf-8", newline="") as target:
                for line in file:
                    target.write((_inside_quotes(line) or line.rstrip("\r\n")) + "\n")
            break
        except UnicodeDecodeError:
            encoding = next_encoding(encoding, name)
    reading.say(f"Every line of '{name}' is within quotation marks, which were removed.")
    return copy


def _inside_quotes(line) -> str:
    """A line without the quotation marks around it, "" where it is not one quoted whole with a separator inside."""
    line = line.strip("\r\n ")
    inside = line[1:-1].replace('""', "\0")
    whole = len(line) > 2 and line[0] == line[-1] == '"' and '"' not in inside
    return inside.replace("\0", '"') if whole and any(sign in inside for sign in ",;\t|") else ""


def not_text(name) -> UserError:
    return UserError(f"'{name}' is not plain text: save it again as CSV in UTF-8.")
