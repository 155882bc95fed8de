"""Deleting runs and searches on pages: the question before it, and what was deleted in the last minute."""

from core.store.run_removal import UNDO
from core.text import few, size


def question(view, run_ids, search_ids=()):
    """What is asked before runs, and searches with their trials, are deleted: it says what this frees."""
    runs = [view.runs.one(id)["name"] for id in run_ids]
    searches = [view.searches.one(id)["name"] for id in search_ids]
    freed, n_trials = size(view.removals.size(run_ids, search_ids)), len(view.removals.trials(search_ids))
    what = " and ".join([*_named("run", runs), *_named("search", searches, n_trials)])
    return f"Delete {what}, with weights and figures? This frees {freed}. It can be undone for {UNDO:.0f} seconds."


def _named(kind, names, n_trials=None):
    """["the run 'x'"] of one name, ["3 runs (x, y, z)"] of several, [] of none; of searches with their trials."""
    if not names:
        return []
    plural = "searches" if kind == "search" else f"{kind}s"
    what = f"the {kind} '{names[0]}'" if len(names) == 1 else f"{len(names)} {plural} ({few(names)})"
    return [what if n_trials is None else f"{what} with {counted(n_trials, 'trial')}"]


def counted(n, name):
    """A number and a noun, such as "1 run" or "6 searches"."""
    plural = f"{name}es" if name.endswith("ch") else f"{name}s"
    return f"{n:,} {name if n == 1 else plural}"


def deleted_text(pending):
    """What a Pending holds, as a sentence."""
    runs, searches = pending
    parts = [counted(len(runs), "run")] if runs else []
    parts += [counted(len(searches), "search")] if searches else []
    verb = "was" if len(runs) + len(searches) == 1 else "were"
    names = few([row["name"] for row in (*runs, *searches)])
    return f"{' and '.join(parts)} {verb} deleted ({names}). Files go in a minute. "
