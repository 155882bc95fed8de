"""How much one person may have: what goes beyond is refused with a sentence, when it is asked for."""

from types import SimpleNamespace

import pytest
from people import people, quick_passwords
from store_rows import furnish

from core.errors import UserError
from core.settings import from_environment
from core.store import NoRoom, Priority, limits


@pytest.fixture
def lab(store):
    with quick_passwords():
        people(store)
    store.settings = store.settings.model_copy(update={"max_queued_runs": 2, "max_jobs": 4})
    return store


def train(store, owner, ids):
    view = store.of(owner)
    run = view.runs.create(ids["preparation"], {"epochs": 2})
    view.runs.train(run)
    return run


def test_a_run_too_many_is_refused_and_waits_untrained(lab):
    ids = furnish(lab, "bob")
    queued = [train(lab, "bob", ids) for _ in range(2)]
    with pytest.raises(
        UserError, match="2 of your runs wait for training, which is the most of one person: wait until"
    ):
        train(lab, "bob", ids)
    assert sorted(row["status"] for row in lab.rows("run")) == ["created", "done", "queued", "queued"]
    lab.of("bob").runs.train(queued[0])  # the second press of a button queues nothing new
    train(lab, "eve", furnish(lab, "eve"))  # each person has limits of their own
    lab.of("bob").runs.cancel(queued[0])
    train(lab, "bob", ids)


def test_a_job_too_many_is_refused_in_whatever_lane(lab):
    run = furnish(lab, "bob")["run"]
    view = lab.of("bob")
    for cell in range(4):
        view.jobs.submit("profile", run, {"cell": cell})
    with pytest.raises(UserError, match="4 of your jobs wait"):
        view.jobs.submit("explained", run, lane="slow")
    view.jobs.submit("profile", run, {"cell": 0})  # the second press of a button queues nothing new
    assert len(lab.waiting()) == 4
    lab.submit("bob", "slow", "explained", run, priority=Priority.AHEAD)  # nobody has asked for it
    lab.start_job(lab.waiting("short")[0]["id"])
    view.jobs.submit("explained", run, lane="slow")


def test_an_administrator_gives_a_person_other_limits(lab):
    admin = lab.of("local").admin
    admin.set_limits("bob", runs="1", weight="2,5")
    assert lab.of("bob").access.limits.of("bob") == (1, 4, None, 2.5)
    admin.set_limits("bob", runs=None, jobs=10)
    assert lab.of("bob").access.limits.of("bob") == (2, 10, None, 2.5)
    row = next(row for row in admin.limits() if row["user"] == "bob")
    assert row["limits"] == {"runs": None, "jobs": 10, "gigabytes": None, "weight": 2.5}
    assert lab.audit.rows(action="set limits")[0]["name"] == "runs default, jobs 10"
    for name, wrong in (
        ("runs", "-1"),
        ("runs", "1.5"),
        ("weight", "0"),
        ("gigabytes", "much"),
        ("jobs", True),
    ):
        with pytest.raises(UserError, match=r"Enter a"):
            admin.set_limits("bob", **{name: wrong})
    with pytest.raises(UserError, match="does not exist"):
        admin.set_limits("nobody", runs=1)


def test_whoever_has_used_up_the_storage_adds_and_trains_nothing_more(lab, monkeypatch):
    ids = furnish(lab, "bob")
    (lab.root / "datasets" / ids["dataset"]).mkdir()
    (lab.root / "datasets" / ids["dataset"] / "data.h5ad").write_bytes(b"x" * 3000)
    monkeypatch.setattr(limits, "COUNTED_FOR", 0.0)
    lab.of("local").admin.set_limits("bob", gigabytes=5e-6)
    uploads = lab.of("bob").uploads
    uploads.begin("a.h5ad", 1000)
    with pytest.raises(
        NoRoom, match=r"Your datasets and runs take 0\.0 GB, and one person may have 5e-06 GB: delete"
    ):
        uploads.begin("b.h5ad", 2000)
    run = train(lab, "bob", ids)
    lab.of("local").admin.set_limits("bob", gigabytes=1e-6)
    for refused in (
        lambda: train(lab, "bob", ids),
        lambda: lab.of("bob").jobs.submit("map_export", run, {"key": "x", "threshold": 0.5}),
    ):
        with pytest.raises(NoRoom):
            refused()
    lab.of("bob").jobs.submit("explained", run)  # it keeps no files of a size that matters
    train(lab, "eve", furnish(lab, "eve"))


def test_below_the_floor_of_free_space_nothing_begins(lab, monkeypatch):
    ids, disk = furnish(lab, "bob"), SimpleNamespace(free=int(0.9e9))
    monkeypatch.setattr(limits.shutil, "disk_usage", lambda _: disk)
    sentence = "nearly full: 0.9 GB are free, and 1 GB have to stay free. Delete"
    with pytest.raises(NoRoom, match=sentence):
        train(lab, "bob", ids)
    with pytest.raises(NoRoom):
        lab.of("bob").uploads.begin("a.h5ad", 1000)
    lab.of("bob").jobs.submit("explained", ids["run"])
    disk.free = int(1.1e9)
    train(lab, "bob", ids)


@pytest.mark.parametrize("name", ["MAX_QUEUED_RUNS", "MAX_JOBS", "SHORT_WORKERS"])
def test_a_number_of_the_environment_is_checked(name):
    assert getattr(from_environment({f"NUWA_{name}": "7"}), name.lower()) == 7
    for wrong in ("0", "-1", "1.5", "many", "²"):
        with pytest.raises(UserError, match=f"NUWA_{name}"):
            from_environment({f"NUWA_{name}": wrong})


def test_a_size_of_the_environment_is_checked():
    assert from_environment({"NUWA_MAX_STORAGE_GB": "50"}).max_storage_gb == 50
    assert from_environment({"NUWA_MAX_STORAGE_GB": ""}).max_storage_gb is None
    for name in ("NUWA_MAX_STORAGE_GB", "NUWA_MIN_FREE_GB"):
        with pytest.raises(UserError, match=name):
            from_environment({name: "-1"})
