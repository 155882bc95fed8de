"""The ids of the Runs page."""

RUNS_TABLE = "runs-table"
RUNS_CONFIRM = "runs-confirm"
RUNS_CHOSEN = "runs-chosen"
RUNS_MESSAGE = "runs-message"


def delete_run(run_id):
    return {"type": "delete-run", "run": run_id}
