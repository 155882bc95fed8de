"""What the panels wait for can be stopped, and asked for again."""

from app_under_test import sent

from core.store import Priority


def test_embeddings_that_panels_wait_for_are_cancelled(finished):
    store, name = finished.store, "latent_tsne_3d"
    token = f"embed:{finished.run}:{name}"
    arguments = {"name": name}
    job = store.submit("local", "slow", "embed", finished.run, arguments, token, Priority.ASKED)
    values = {"panels-stop.n_clicks": 1, "panels-missing.data": [name, "gone"], "run.data": finished.run}
    answer = finished.press("panels-message.children", values, "panels-stop.n_clicks")
    assert answer["panels-message"]["children"] == "Stopping ..."
    assert store.job(job)["status"] == "cancelled"
    wanted = {
        "dimensions.value": 3,
        "run.data": finished.run,
        "panel-count.value": 1,
        "panel-1.value": "latent_tsne",
    }
    answer = finished.press("panels-missing.data", wanted, "panels-tick.n_intervals")
    assert "Cancelled." in sent(answer["panels-message"]) and answer["panels-retry"]["hidden"] is False
    assert answer["panels-stop"]["hidden"] is True
    values["panels-stop.n_clicks"] = None
    assert finished.press("panels-message.children", values, "panels-stop.n_clicks") is None


def test_an_embedding_that_somebody_else_asked_for_is_not_said_to_stop(finished):
    store, name = finished.store, "input_tsne_3d"
    token = f"embed:{finished.run}:{name}"
    job = store.submit("bob", "slow", "embed", finished.run, {"name": name}, token, Priority.ASKED)
    values = {"panels-stop.n_clicks": 1, "panels-missing.data": [name], "run.data": finished.run}
    answer = finished.press("panels-message.children", values, "panels-stop.n_clicks")
    assert "only they can stop it" in sent(answer) and store.job(job)["status"] == "queued"
    store.move_job(job, "queued", "cancelled")
