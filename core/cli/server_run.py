"""The run of the server's data folder that a command names."""

from core.errors import UserError
from core.store.schema import runs


def run_of(store, text):
    """The row of the run with this id, or with this name where only one has it; raises UserError."""
    if store.exists("run", text):
        return store.row("run", text)
    rows = store.rows("run", runs.c.name == text)
    if len(rows) == 1:
        return rows[0]
    if rows:
        raise UserError(
            f"{len(rows)} runs have the name '{text}': name one by its id ({', '.join(r['id'] for r in rows[:5])})."
        )
    raise UserError(f"There is no run '{text}' in {store.root}: name one by its id, as in its address.")
