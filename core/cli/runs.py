"""python -m core runs: the runs of the server's data folder."""

import json

from core import settings


def add(parser):
    parser.add_argument("--json", action="store_true", help="print the runs as records")
    parser.add_argument("--most", type=int, default=50, metavar="N", help="the newest N runs (50); 0: all")


def run(arguments):
    """Print the runs, the newest first; returns the exit code."""
    from core.store import Store

    store = Store(settings.from_environment())
    rows = [row for row in store.rows("run") if row["remove_at"] is None]
    rows = rows[: arguments.most] if arguments.most else rows
    records = [record_of(store, row) for row in rows]
    store.engine.dispose()
    print(json.dumps(records, indent=2) if arguments.json else "\n".join(table(records)))
    return 0


def record_of(store, row):
    """What the list shows of the row of a run."""
    return {
        "id": row["id"],
        "name": row["name"],
        "status": str(row["status"]),
        "epochs": len(store.epochs(row["id"])),
        "n_epochs": row["n_epochs"],
        "loss": row["loss"],
        "pca_loss": row["pca_loss"],
        "owner": row["owner"],
    }


def table(records):
    """Lines of text, one for each run, below a line of titles."""
    titles = ("id", "name", "status", "epochs", "loss", "PCA", "owner")
    rows = [
        (
            record["id"],
            record["name"],
            record["status"],
            f"{record['epochs']} of {record['n_epochs'] or '–'}",
            *("–" if record[key] is None else f"{record[key]:.4f}" for key in ("loss", "pca_loss")),
            record["owner"],
        )
        for record in records
    ]
    widths = [max(len(row[i]) for row in [titles, *rows]) for i in range(len(titles))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [titles, *rows]
    ]
    return lines if rows else ["There is no run."]
