"""The table of runs: sorted, filtered and cut by the database, whose rows no folder is read for."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import and_, case, func, select

from core.config import specs
from core.store import table_filters
from core.store.schema import datasets, epochs, runs, searches, users
from core.store.status import ACTIVE, Status

SETTING = "config."  # at the beginning of the name of a column that is one setting
SETTINGS = {f"{SETTING}{spec.name}": spec for spec in specs()}
HIDDEN = {"facts", "scores", "phase", "remove_at", "unique_name"}
SHOWN = tuple(c.name for c in runs.c if c.name not in HIDDEN)
GROUP, SEARCH, RUN = "group", "search", "run"


class Line(NamedTuple):
    """A line of the table: the head of a dataset's runs, a search, or a run; `count` is how many runs are below it."""

    kind: str
    id: str  # of the dataset, the search or the run
    name: str  # of the search, else of the dataset
    level: int
    count: int
    is_open: bool


@dataclass(frozen=True)
class Query:
    """What the table shows: `sort` is ((column, is descending) ...), `filters` is the filter model of the grid.

    `opened` are the ids of runs and searches whose runs are shown, `closed` those of datasets whose runs are not. With
    `trials` the trials of all searches are shown but of those in `opened`.
    """

    sort: tuple = ()
    filters: dict = field(default_factory=dict)
    by_dataset: bool = False
    archived: bool = False  # also those that were archived
    trials: bool = False
    opened: frozenset = frozenset()
    closed: frozenset = frozenset()
    utc_offset: int = (
        0  # seconds that the person's clock is ahead of UTC: dates of a filter are by that clock
    )


class Page(NamedTuple):
    """Some lines of the table, each with the row of its run or None, and how many lines and runs there are in all.

    `n_trials` of the runs are listed below a search.
    """

    lines: list
    rows: list
    n_lines: int
    n_runs: int
    n_trials: int


class RunTable:
    """The table of the runs that one user may see."""

    def __init__(self, access):
        self.access, self.database = access, access.database

    @cached_property
    def source(self):
        """The runs with what the table shows of their datasets and owners."""
        visible = and_(datasets.c.id == runs.c.dataset, self.access.seen(datasets))
        return runs.outerjoin(datasets, visible).outerjoin(users, users.c.id == runs.c.owner)

    def page(self, query, start=0, end=None):
        """The Page of the lines from `start` to before `end`."""
        ordered = self._ordered(query)
        known = self._searches(ordered)
        lines = self._lines(query, ordered, known)
        cut = lines[start:end]
        rows = self._rows([line.id for line in cut if line.kind == RUN])
        n_trials = sum(parent in known for _, parent, *_ in ordered)
        return Page(cut, [rows.get(line.id) for line in cut], len(lines), len(ordered), n_trials)

    def rows(self, query):
        """The rows of all runs of a Query in its order, whatever is open: for a file."""
        ids = [id for id, *_ in self._ordered(query)]
        rows = self._rows(ids)
        return [rows[id] for id in ids if id in rows]

    def _lines(self, query, ordered, known):
        """All Lines of a Query, in order: runs below a run or a search follow it where both are shown."""
        listed, below = {id for id, *_ in ordered}, {}
        for row in ordered:
            if row[1] in listed or row[1] in known:
                below.setdefault(row[1], []).append(row)
        top = [row for row in ordered if row[1] not in listed]
        if not query.by_dataset:
            return self._of_runs(top, below, known, query, 0)
        groups, lines = {}, []
        for row in top:
            groups.setdefault(row[2], []).append(row)
        for dataset, members in groups.items():
            is_open = dataset not in query.closed
            count = sum(1 + len(below.get(row[0], ())) for row in members)
            lines.append(Line(GROUP, dataset, members[0][3] or "", 0, count, is_open))
            if is_open:
                lines += self._of_runs(members, below, known, query, 1)
        return lines

    def _of_runs(self, rows, below, known, query, level):
        """The Lines of runs; a search stands where the first of its runs would."""
        lines, seen = [], set()
        for id, parent, _, name in rows:
            if parent in seen:
                continue
            if parent in known:
                seen.add(parent)
                is_open = (parent in query.opened) != query.trials
                head = Line(SEARCH, parent, known[parent], level, len(below[parent]), is_open)
            else:
                head = Line(RUN, id, name or "", level, len(below.get(id, ())), id in query.opened)
            lines.append(head)
            if head.is_open:
                lines += [
                    Line(RUN, child, name or "", level + 1, 0, False) for child, *_ in below.get(head.id, ())
                ]
        return lines

    def _searches(self, ordered):
        """{id: name} of the searches that the user may see and some of these runs belong to."""
        if not any(parent for _, parent, *_ in ordered):
            return {}
        statement = select(searches.c.id, searches.c.name).where(self.access.seen(searches))
        with self.database.reading() as db:
            return {id: name for id, name in db.execute(statement)}

    def _ordered(self, query):
        """[(id, parent, dataset, the dataset's name)] of the runs of a Query, in its order."""
        order = [expression.desc() if down else expression.asc() for expression, down in self._sort(query)]
        statement = (
            select(runs.c.id, runs.c.parent, runs.c.dataset, datasets.c.name)
            .select_from(self.source)
            .where(*self._conditions(query))
            .order_by(*order, runs.c.created.desc(), runs.c.id)
        )
        with self.database.reading() as db:
            return [tuple(row) for row in db.execute(statement)]

    def _sort(self, query):
        """(expression, is descending) of each key; of numbers, missing values come last in both directions."""
        if query.by_dataset:
            yield func.coalesce(datasets.c.name, ""), False
            yield runs.c.dataset, False
        for name, down in query.sort:
            if (column := self.column(name)) is not None:
                yield case((column.is_(None), 1), else_=0), False
                yield func.lower(column) if table_filters.is_text(column) else column, down

    def _conditions(self, query):
        conditions = [self.access.seen(runs)]
        if not query.archived:
            conditions.append(runs.c.archived.is_(False))
        for name, model in query.filters.items():
            if (column := self.column(name)) is not None:
                conditions.append(table_filters.condition(column, model, query.utc_offset))
        return conditions

    def column(self, name):
        """The expression of a column of the table, or None of one that does not exist."""
        if spec := SETTINGS.get(name):
            value = runs.c.config[spec.name]
            if spec.kind == "bool":  # as the table shows it, whatever a database makes of JSON's true
                return case((value.as_boolean().is_(True), "yes"), (value.as_boolean().is_(False), "no"))
            return {"int": value.as_float, "float": value.as_float}.get(spec.kind, value.as_string)()
        special = {
            "dataset": datasets.c.name,
            "owner": func.coalesce(users.c.name, runs.c.owner),
            "seconds": runs.c.ended - runs.c.started,
            "difference": (runs.c.loss - runs.c.pca_loss) / runs.c.pca_loss,
        }
        return special[name] if name in special else runs.c[name] if name in SHOWN else None

    def _rows(self, ids):
        """{id: row} of runs with the names of their dataset and owner, and of those that train the epochs so far."""
        columns = [runs.c[name] for name in SHOWN if name != "owner"]
        names = datasets.c.name.label("dataset_name"), self.column("owner").label("owner")
        chosen = select(*columns, *names).select_from(self.source)
        out = {}
        with self.database.reading() as db:
            for i in range(0, len(ids), 500):  # SQLite takes so many values in one statement
                for row in db.execute(chosen.where(runs.c.id.in_(ids[i : i + 500]))).mappings():
                    out[row["id"]] = dict(row) | {"status": Status(row["status"]), "n_done": None}
            active = [id for id, row in out.items() if row["status"] in ACTIVE]
            done = select(epochs.c.run, func.max(epochs.c.epoch)).where(epochs.c.run.in_(active[:500]))
            for id, n in db.execute(done.group_by(epochs.c.run)):
                out[id]["n_done"] = n
        return out

    def n_runs(self, archived=False):
        """How many runs there are."""
        statement = select(func.count()).select_from(runs).where(*self._conditions(Query(archived=archived)))
        with self.database.reading() as db:
            return db.execute(statement).scalar()

    def stamp(self):
        """A value that changes when the table does: how many runs there are of each status, and what ended last."""
        of_status = select(runs.c.status, func.count(), func.max(runs.c.created)).where(
            self.access.seen(runs)
        )
        active = select(runs.c.id).where(self.access.seen(runs), runs.c.status.in_(ACTIVE))
        done = select(func.count()).select_from(epochs).where(epochs.c.run.in_(active))
        with self.database.reading() as db:
            rows = db.execute(of_status.group_by(runs.c.status)).all()
            return [*sorted(map(list, rows)), db.execute(done).scalar()]

    def differing(self, ids=None):
        """The names of the settings of which not all runs have the same value, in the order of the form."""
        statement = (
            select(runs.c.changed).where(self.access.seen(runs), runs.c.archived.is_(False)).distinct()
        )
        if ids is not None:
            statement = statement.where(runs.c.id.in_(ids))
        with self.database.reading() as db:
            return table_filters.differing(text for (text,) in db.execute(statement))
