"""Genes whose names a spreadsheet turned into dates: 1-Mar was MARCHF1, 9-Sep SEPTIN9, 1-Dec DELEC1 (Ziemann 2016)."""

import re
from datetime import date, timedelta

# Beginnings of the months in English, German, French, Spanish, Italian and Portuguese.
MONTHS = {
    **dict.fromkeys(("mar", "mrz", "mär", "mae"), 3),
    "sep": 9,
    **dict.fromkeys(("dec", "dez", "déc", "dic"), 12),
    "oct": 10,
    "okt": 10,
}
_DAY_MONTH = re.compile(r"^(\d{1,2})[-./ ]+([^\W\d_]{3,9})\.?(?:[-./ ]+(?:\d\d|\d{4}))?$")
# With a capital: sep-1, dec-1 and oct-1 are genes of C. elegans.
_MONTH_DAY = re.compile(r"^([A-ZÀ-Þ][^\W\d_]{2,8})\.?[-./ ]+(\d{1,2})(?:[-./, ]+(?:\d\d|\d{4}))?$")
_YEAR_FIRST = re.compile(r"^(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:[ T]0?0:00(?::00)?(?:\.0+)?)?$")
_YEAR_LAST = re.compile(r"^(\d{1,2})[-./](\d{1,2})[-./](\d{4}|\d\d)$")
_SERIAL = re.compile(r"^[345]\d{4}(?:\.0)?$")  # days since 1900: the years 1982 to 2064
MOST_SERIALS = 0.02  # share of names up to which numbers are serials of dates, and not the ids of genes
_LONG = re.compile(r"^\d\.\d+E\+\d\d$", re.IGNORECASE)  # clones of RIKEN such as 2310009E13


def date_genes(names) -> dict[int, tuple[str, ...]]:
    """{place: the symbols that the gene may have had, the likeliest first} of the names that are dates."""
    names = [str(name).strip() for name in names]
    mouse = sum(name[:1].isupper() and name[1:2].islower() for name in names) > 0.5 * len(names)
    serials = sum(bool(_SERIAL.match(name)) for name in names)
    dates = {}
    for place, name in enumerate(names):
        parts = _month_and_day(name) or _month_and_day(
            re.sub(r"-\d+$", "", name)
        )  # 1-Mar-1, the second of them
        if parts is None and _SERIAL.match(name) and serials <= MOST_SERIALS * len(names):
            parts = _of_serial(int(float(name)))
        genes = _genes(*parts) if parts else ()
        if genes:
            dates[place] = tuple(gene.capitalize() for gene in genes) if mouse else genes
    return dates


def numbers_for_names(names) -> list[str]:
    """The names that a spreadsheet turned into numbers, which cannot be restored: 2.31E+19."""
    return [str(name) for name in names if _LONG.match(str(name))]


def shared_dates(names) -> list[tuple[str, ...]]:
    """The pairs of genes that two names of one date may have been, in either order: (MARCHF1, MTARC1)."""
    genes = list(date_genes(names).values())
    return [pair for pair in dict.fromkeys(genes) if len(pair) == 2 and genes.count(pair) == 2]


def restored(names, first="") -> tuple[list[str], int]:
    """(names with the likeliest symbol for each date, how many changed); of several genes of one date none is changed.

    With `first`, "MARCHF" or "MTARC", two genes of one date are named as well, the first of them by what begins so.
    """
    names = [str(name) for name in names]
    dates = date_genes(names)
    likely = [genes[0] for genes in dates.values()]
    known, changed = set(names), 0
    pairs = {
        pair: sorted(pair, key=lambda gene: not gene.upper().startswith(first))
        for pair in shared_dates(names)
    }
    for place, genes in dates.items():
        new = genes[0] if likely.count(genes[0]) == 1 else None
        if first and genes in pairs:
            new = pairs[genes].pop(0)
        if new and new not in known:
            names[place] = new
            changed += 1
    return names, changed


def _month_and_day(name):
    """(month, day) of a date, None for any other name; the day is the gene's number."""
    if match := _DAY_MONTH.match(name):
        day, word = int(match[1]), match[2]
    elif match := _MONTH_DAY.match(name):
        day, word = int(match[2]), match[1]
    elif match := _YEAR_FIRST.match(name):
        return int(match[2]), int(match[3])
    elif match := _YEAR_LAST.match(name):
        first, second = int(match[1]), int(match[2])
        return (second, first) if second in (3, 9, 10, 12) and first not in (3, 9, 12) else (first, second)
    else:
        return None
    month = MONTHS.get(word[:3].casefold())
    return (month, day) if month else None


def _of_serial(days):
    when = date(1899, 12, 30) + timedelta(days)
    return when.month, when.day


def _genes(month, day) -> tuple[str, ...]:
    """The symbols that a spreadsheet turns into this date."""
    if month == 3 and 1 <= day <= 11:
        return (f"MARCHF{day}", f"MTARC{day}") if day <= 2 else (f"MARCHF{day}",)
    if month == 9 and (1 <= day <= 12 or day == 14):
        return (f"SEPTIN{day}",)
    if month == 9 and day == 15:
        return ("SELENOF",)
    if month == 12 and day <= 2:
        return ("DELEC1",) if day == 1 else ("BHLHE41",)
    return ("POU5F1",) if (month, day) == (10, 4) else ()
