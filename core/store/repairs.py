"""Repaired data sets: each is made from one that was brought, which stays as it is."""

import hashlib

from core.errors import UserError
from core.store.schema import jobs, preparations, runs


class Repairs:
    """The part of a View that repairs: a data set of its own for every list of repairs of an original."""

    def repair(self, id, name):
        """Queue a repair that the doctor offers for a data set; returns the id of the repaired one."""
        row = self.dataset(id)
        if name not in (row["record"] or {}).get("repairs_offered", ()):
            raise UserError(
                "This repair is not offered for this data set (any more): look at its findings again."
            )
        return self._repaired(row, [*repairs_of(row), name])

    def undo_repair(self, id):
        """Take the last repair of a data set back; returns the id of the data set to go on with."""
        row = self.dataset(id)
        names = repairs_of(row)
        if not names:
            raise UserError("Nothing was repaired in this data set: there is nothing to undo.")
        if len(names) > 1:
            return self._repaired(row, names[:-1])
        if self.may_go(row):
            self.store.forget("dataset", id)
        return original_of(row)

    def may_go(self, row):
        """Is this a repaired data set of one's own that nothing was made from? It can be made again at any time."""
        mine = row["owner"] == self.user and original_of(row) != row["id"]
        return mine and not (
            self.store.rows("preparation", preparations.c.dataset == row["id"])
            or self.store.rows("run", runs.c.dataset == row["id"])
        )

    def repaired_from(self, id):
        """The ids of the data sets that repairs have made, or are making, from this one."""
        at_work = self.store.jobs(jobs.c.kind == "repair", jobs.c.status.in_(("queued", "running")))
        making = {job["target"] for job in at_work if job["arguments"]["of"] == id}
        made = {row["id"] for row in self.store.rows("dataset") if original_of(row) == id}
        return making | made - {id}

    def _repaired(self, row, names):
        """Queue what the original of `row` becomes by the named repairs, once; it takes the place of `row` where
        that may go."""
        original = self.dataset(original_of(row))
        replaces = row["id"] if self.may_go(row) else None
        taken = {one["name"] for one in self.datasets() if one["id"] != replaces}
        titles = (
            f"{original['name']} (repaired{f' {n}' if n > 1 else ''})" for n in range(1, len(taken) + 2)
        )
        made = {
            "name": next(title for title in titles if title not in taken),
            "origin": f"repaired by {', '.join(names)} from {original['origin']}",
        }
        asked = {"of": original["id"], "repairs": names, "replaces": replaces}
        what = hashlib.sha256(f"{self.user} {original['id']} {names}".encode()).hexdigest()
        token = f"repair:{what}"
        return self._begin("dataset", made, "repair", asked, token)["target"]


def repairs_of(row):
    """The names of the repairs that a data set has been through, the first one first."""
    return [one["name"] for one in _repaired(row).get("repairs", ())]


def original_of(row):
    """The id of the data set that a repaired one was made from; its own where it was brought."""
    return _repaired(row).get("of", row["id"])


def _repaired(row):
    return (row["record"] or {}).get("repaired") or {}
