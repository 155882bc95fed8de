"""A search trains its trials one after the other, prunes, pauses, goes on, ends and says so, whoever dies meanwhile."""

import time

import pytest
import store_rows

from core.config.run_facts import Baselines, Parts, RunFacts
from core.config.search import SearchRecord
from core.errors import UserError
from core.store import Explored, Status, searches
from core.store.rows import Missing
from core.worker import execute, job_kinds
from core.worker.jobs import search, search_trial

SPACE = {"n_latent": [2, 4, 8], "dropout": [0.0, 0.1]}
MEAN, PCA = Parts(1.0, 1.0), Parts(0.5, 0.5)


def epoch(i, loss):
    return dict(store_rows.EPOCH) | {"epoch": i, "valid_loss": loss, "valid_rna": loss, "valid_protein": None}


@pytest.fixture
def trained(store, monkeypatch):
    """A function that makes training a matter of the settings: it takes {n_latent: loss or an error}."""
    places = store_rows.furnish(store)
    explored = []
    monkeypatch.setitem(job_kinds.KINDS, "explore", lambda store, job, say: explored.append(job["target"]))

    def begin(losses):
        def train(store, job, say):
            run = store.row("run", job["target"])
            store.move("run", run["id"], Status.QUEUED, Status.RUNNING, started=time.time() - 60)
            loss = losses[run["config"]["n_latent"]]
            if isinstance(loss, str):
                raise UserError(loss)
            facts = RunFacts(
                valid_baselines=Baselines(MEAN, PCA),
                test_baselines=Baselines(MEAN, PCA),
                n_epochs=20,
                n_test=24,
                loss=Parts(loss + 0.1),
                loss_difference=(loss - 0.4, 0.01),
            )
            trial = search_trial.trial_of(store, run)
            for i in range(1, 21):
                record = epoch(i, loss + 0.2 * (20 - i) / 20)
                store.add_epoch(run["id"], record)
                if trial and trial.should_stop(record, facts.record(), 20):
                    store.move("run", run["id"], "running", Status.CANCELLED, message=trial.message)
                    store.set("run", run["id"], ended=time.time(), facts=facts.record())
                    return
            store.set("run", run["id"], facts=facts.record(), ended=time.time())
            store.move("run", run["id"], ("running", "cancelling"), Status.DONE)

        monkeypatch.setitem(job_kinds.KINDS, "train", train)

    return store, places["preparation"], begin, explored


def create(store, preparation, **changed):
    record = SearchRecord(**({"space": SPACE, "pruner": "none", "n_trials": 6} | changed))
    return store.of("local").searches.create(preparation, record)


def states(store, id):
    return [trial["state"] for trial in store.row("search", id)["result"]["trials"]]


def test_a_small_sweep_trains_every_combination_and_judges_the_best_on_unseen_cells(trained):
    store, preparation, begin, explored = trained
    begin({2: 0.6, 4: 0.4, 8: 0.5})
    id = create(store, preparation)
    execute.drain(store)
    view, row = store.of("local"), store.row("search", id)
    assert row["status"] == Status.DONE and "All 6 trials" in row["message"]
    runs = view.searches.trials(id)
    assert len({(run["config"]["n_latent"], run["config"]["dropout"]) for run in runs}) == 6
    assert all(run["parent"] == id and run["config"]["train_share"] == 0.8 for run in runs)
    best = view.searches.best(id)
    assert best["config"]["n_latent"] == 4 and row["result"]["best_value"] == pytest.approx(0.4)
    assert row["result"]["judged"]["loss"] == pytest.approx(0.5) and row["result"]["judged"]["n_cells"] == 24
    assert explored == [best["id"]]  # of the best run alone
    assert set(row["result"]["importance"]) == set(SPACE)
    assert row["result"]["importance"]["n_latent"] > row["result"]["importance"]["dropout"]


def test_another_trial_is_opened_with_its_clusters(trained):
    store, preparation, begin, explored = trained
    begin({2: 0.6, 4: 0.4, 8: 0.5})
    id = create(store, preparation, space={"n_latent": [2, 4]}, n_trials=2)
    execute.drain(store)
    view = store.of("local")
    other = next(run for run in view.searches.trials(id) if run["config"]["n_latent"] == 2)
    assert other["explored"] == Explored.NOT_STARTED
    view.searches.open(id, other["id"])
    execute.drain(store)
    assert explored[-1] == other["id"]
    with pytest.raises(UserError, match="no trial of this search"):
        view.searches.open(id, "nothing")


def test_a_search_whose_every_trial_fails_says_so(trained):
    store, preparation, begin, _ = trained
    begin({2: "There is no gene.", 4: "There is no gene.", 8: "There is no gene."})
    id = create(store, preparation)
    execute.drain(store)
    row = store.row("search", id)
    assert row["status"] == Status.FAILED and states(store, id) == ["failed"] * 6
    assert row["message"].startswith("All 6 trials failed. The first message was: There is no gene.")


def test_one_failed_trial_does_not_end_a_search(trained):
    store, preparation, begin, _ = trained
    begin({2: "The loss stopped being a number.", 4: 0.4, 8: 0.5})
    id = create(store, preparation)
    execute.drain(store)
    assert store.row("search", id)["status"] == Status.DONE and sorted(states(store, id)).count("failed") == 2


def test_a_search_whose_best_trial_is_deleted_goes_on_with_the_next_best(trained):
    store, preparation, begin, explored = trained
    begin({2: 0.6, 4: 0.4, 8: 0.5})
    id = create(store, preparation, space={"n_latent": [2, 4, 8]}, n_trials=3)
    execute.drain(store)
    view = store.of("local")
    store.set("run", view.searches.best(id)["id"], explored=Explored.READY)
    view.removals.remove([view.searches.best(id)["id"]])
    view.searches.extend(id, n_trials=1)
    execute.drain(store)
    row = store.row("search", id)
    assert (row["status"], row["result"]["best_value"]) == (Status.DONE, pytest.approx(0.5))
    assert explored[-1] == view.searches.best(id)["id"]
    assert not [job for job in store.jobs() if job["status"] == Status.FAILED]


def test_trials_that_are_worse_than_the_others_are_pruned(trained):
    store, preparation, begin, _ = trained
    begin({2: 0.4, 4: 0.41, 8: 0.42, 16: 0.43, 32: 3.0})
    space = {"n_latent": [2, 4, 8, 16, 32]}
    id = create(store, preparation, space=space, n_trials=5, pruner="median")
    execute.drain(store)
    row = store.row("search", id)
    pruned = [trial for trial in row["result"]["trials"] if trial["state"] == "pruned"]
    assert row["status"] == Status.DONE and row["result"]["best_value"] == pytest.approx(0.4)
    for trial in pruned:
        run = store.row("run", trial["run"])
        assert run["status"] == Status.CANCELLED and run["message"].startswith("Pruned after epoch")
        assert 8 <= len(store.epochs(run["id"])) < 20  # never while the rate rises
    last = store.of("local").searches.trials(id)[-1]  # four come before it, so it can be pruned
    assert bool(pruned) == (last["config"]["n_latent"] in (8, 16, 32))


def test_a_search_is_paused_goes_on_is_stopped_and_extended(trained):
    store, preparation, begin, _ = trained
    begin({2: 0.6, 4: 0.4, 8: 0.5})
    id = create(store, preparation, n_trials=3, space={"n_latent": {"low": 2, "high": 8, "step": 2}})
    begin({2: 0.6, 4: 0.4, 6: 0.45, 8: 0.5})
    view = store.of("local")
    view.searches.pause(id)
    execute.drain(store)
    assert not view.searches.trials(id) and store.row("search", id)["status"] == Status.RUNNING
    view.searches.go_on(id)
    execute.drain(store)
    assert len(view.searches.trials(id)) == 3 and store.row("search", id)["status"] == Status.DONE
    view.searches.extend(id, n_trials=1)
    execute.drain(store)
    assert len(view.searches.trials(id)) == 4
    view.searches.extend(id, n_trials=3)
    execute.drain(store)  # there are four values in the range
    assert store.row("search", id)["message"] == "Every combination was tried."
    view.searches.extend(id, n_trials=3)
    view.searches.stop(id)
    execute.drain(store)
    assert store.row("search", id)["status"] == Status.CANCELLED and len(view.searches.trials(id)) == 4


def test_the_minutes_of_training_are_a_budget(trained):
    store, preparation, begin, _ = trained
    begin({2: 0.6, 4: 0.4, 8: 0.5})  # a minute each
    id = create(store, preparation, minutes=2.5)
    execute.drain(store)
    assert len(store.of("local").searches.trials(id)) == 3
    assert "2.5 minutes are used up" in store.row("search", id)["message"]


DAY = 24 * 3600.0


@pytest.mark.parametrize(
    ("ended", "phases", "seconds"),
    [(160.0, {}, 60.0), (160.0, {"training": 59.0}, 59.0), (100 + DAY, {"training": 60.0}, 60.0)]
    + [
        (100 - DAY, {"training": 60.0}, 60.0),
        (100 - DAY, {}, 0.0),
        (None, {}, 20.0),
        (None, {"training": 9.0}, 20.0),
    ],
)
def test_a_clock_that_jumps_neither_uses_up_the_minutes_nor_gives_more(ended, phases, seconds):
    facts = RunFacts(valid_baselines=Baselines(MEAN, PCA), test_baselines=Baselines(MEAN, PCA), phases=phases)
    run = {"started": 100.0, "ended": ended, "facts": facts.record()}
    assert searches.seconds_spent([run, run | {"started": None}], now=120.0) == seconds


def test_a_step_that_was_lost_is_taken_again_and_no_trial_twice(trained):
    store, preparation, begin, _ = trained
    begin({2: 0.6, 4: 0.4, 8: 0.5})
    id = create(store, preparation)
    study, _ = search.study_of(store, store.row("search", id))
    study.propose()  # a process was killed after this
    execute.drain(store)
    assert states(store, id).count("done") == 5 and "The run was deleted." in str(store.row("search", id))
    before = len(store.of("local").searches.trials(id))
    searches.queue_due(store)
    execute.drain(store)
    assert len(store.of("local").searches.trials(id)) == before


def test_a_search_is_its_owners_alone(trained):
    store, preparation, begin, _ = trained
    id = create(store, preparation)
    with pytest.raises(Missing, match="This search no longer exists"):
        store.of("somebody").searches.one(id)
    for forbidden in ("pause", "stop", "go_on", "extend"):
        with pytest.raises(Missing):
            getattr(store.of("somebody").searches, forbidden)(id)


def test_a_search_that_cannot_work_is_refused_before_it_begins(trained):
    store, preparation, _, _ = trained
    with pytest.raises(UserError, match="would only copy the data"):
        create(store, preparation, space={"n_latent": [10, 500]})
    with pytest.raises(UserError, match="losses cannot be compared"):
        create(store, preparation, space={"weight_rna": [0.5, 1.0]})
