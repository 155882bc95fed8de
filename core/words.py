"""Numbers and lists as people say them, for pages and for the command line."""


def duration(seconds):
    """Seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def listed(names):
    """Names in a row, the last one after "and"."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def size(n_bytes):
    """Bytes as people say them: two digits, in GB of a thousand million, or in MB below a tenth of one."""
    if n_bytes < 1e8:
        return f"{max(1, n_bytes / 1e6):.0f} MB"
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes < 1e10 else f"{n_bytes / 1e9:,.0f} GB"
