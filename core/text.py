"""Durations, sizes, lists and names as text, and checks of names that people type."""

from difflib import get_close_matches

from core.errors import UserError

LONGEST_NAME = 100  # letters
NORMAL_95 = 1.96  # standard errors on each side of a mean hold 95 % of a normal distribution


def duration(seconds):
    """Seconds as text, such as "12 s", "5 min" or "1.5 h"; 0 s where a clock was set back meanwhile."""
    seconds = max(seconds, 0)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def few(names, n=3):
    """The first `n` names, and dots where there are more."""
    names = [str(name) for name in names]
    return ", ".join(names[:n]) + (" ..." if len(names) > n else "")


def genes_are(n) -> str:
    """The beginning of a sentence on `n` genes."""
    return "1 gene is" if n == 1 else f"{n:,} genes are"


def listed(names):
    """Names in a list, the last one after "and"."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def near(name, names, n=3):
    """Up to `n` of `names` that `name` may be a mistake for: those that differ only in case, then similar ones."""
    same = [one for one in names if one.casefold() == name.casefold()]
    return list(dict.fromkeys([*same, *get_close_matches(name, names, n)]))[:n]


def interval(value, error, digits=3):
    """A value with its 95 % interval, such as "0.812 ± 0.014"; a dash where it is unknown. `error`: standard error or None."""
    if value is None:
        return "–"
    return f"{value:.{digits}f}" + (f" ± {NORMAL_95 * error:.{digits}f}" if error is not None else "")


def size(n_bytes):
    """Bytes as text: in GB (1e9 bytes), or in MB below 0.1 GB."""
    if n_bytes < 1e8:
        return f"{max(1, n_bytes / 1e6):.0f} MB"
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes < 1e10 else f"{n_bytes / 1e9:,.0f} GB"


def short(name, letters=28):
    """The name, cut to `letters` with an ellipsis."""
    name = str(name)
    return name if len(name) <= letters else name[: letters - 1] + "…"


def name_of(text, what):
    """A name that a person typed for a `what`, without extra spaces; raises UserError where it is not allowed."""
    name = " ".join(str(text or "").split())
    if not name:
        raise UserError(f"The {what} has no name: give it one.")
    if len(name) > LONGEST_NAME or "/" in name:
        raise UserError(f"The name of a {what} has at most {LONGEST_NAME} letters and no slash: change it.")
    return name


def check_tells(column, categories, codes):
    """Raise UserError where a column (`codes` into `categories`, -1 for none) has no value, or the same in every cell."""
    if (codes < 0).all():
        raise UserError(f"No cell has a value of {column}: choose another column.")
    if codes.min() == codes.max():
        same = str(categories[codes.max()]).strip() or "nothing"
        raise UserError(f"{column} is the same in every cell ({same}), so it tells no groups apart.")
