"""Datasets and runs are private, shared with people, teams, projects or the lab; a viewer changes nothing."""

import time

import pytest
from people import people, quick_passwords
from store_rows import furnish

from core.errors import UserError
from core.store import LAB, PRIVATE, Missing, NotAllowed, permitted, run_removal
from core.store.database import Database


@pytest.fixture
def lab(store):
    with quick_passwords():
        people(store)
    store.ids = furnish(store, owner="local")
    return store


def sees(store, user):
    """Which of the three rows somebody sees."""
    return {kind for kind, id in store.ids.items() if store.of(user).readable(kind, id)}


def test_a_run_is_shared_with_one_person_and_its_dataset_with_it(lab):
    lab.of("local").sharing.set("run", lab.ids["run"], PRIVATE, ["bob"])
    assert sees(lab, "bob") == {"dataset", "preparation", "run"} and sees(lab, "eve") == set()
    assert [row["id"] for row in lab.of("bob").datasets.all()] == [lab.ids["dataset"]]
    lab.of("local").sharing.set("run", lab.ids["run"], PRIVATE)
    assert sees(lab, "bob") == set()


def test_a_dataset_is_shared_without_its_runs(lab):
    lab.of("local").sharing.set("dataset", lab.ids["dataset"], PRIVATE, ["bob"])
    assert sees(lab, "bob") == {"dataset"}


def test_the_whole_lab_sees_what_is_shared_with_it(lab):
    lab.of("local").sharing.set("run", lab.ids["run"], LAB, ["bob"])
    assert sees(lab, "bob") == sees(lab, "vic") == {"dataset", "preparation", "run"}
    audience = lab.of("local").sharing.audience("run", lab.ids["run"])
    assert (audience.visibility, audience.users) == (LAB, ())


def test_a_team_sees_what_is_shared_with_it_as_long_as_it_is_one(lab):
    view = lab.of("local")
    team = view.teams.create("Immunology", ["bob"])
    view.sharing.set("run", lab.ids["run"], PRIVATE, [], [team])
    assert sees(lab, "bob") and not sees(lab, "eve")
    view.teams.set_members(team, ["eve"])
    assert sees(lab, "eve") and not sees(lab, "bob")
    with pytest.raises(UserError, match="belongs to somebody else"):
        lab.of("eve").teams.forget(team)
    view.teams.forget(team)
    assert not sees(lab, "eve") and view.sharing.audience("run", lab.ids["run"]).teams == ()


def test_the_members_of_a_project_see_what_is_in_it(lab):
    view = lab.of("local")
    project = view.projects.create("Blood", ["bob"])
    view.projects.put(project, "run", lab.ids["run"])
    view.projects.put(project, "run", lab.ids["run"])  # twice is once
    assert sees(lab, "bob") and not sees(lab, "eve")
    assert lab.of("bob").projects.one(project)["items"] == [("run", lab.ids["run"])]
    with pytest.raises(Missing):
        lab.of("eve").projects.one(project)
    with pytest.raises(Missing):
        lab.of("eve").projects.put(project, "run", lab.ids["run"])
    with pytest.raises(UserError, match="can remove it"):
        lab.of("bob").projects.take_out(project, "run", lab.ids["run"])
    view.projects.take_out(project, "run", lab.ids["run"])
    assert not sees(lab, "bob")


def test_a_project_takes_only_what_is_ones_own(lab):
    project = lab.of("bob").projects.create("Mine", ["local"])
    with pytest.raises(Missing):
        lab.of("bob").projects.put(project, "run", lab.ids["run"])
    lab.of("local").projects.put(project, "dataset", lab.ids["dataset"])
    assert sees(lab, "bob") == {"dataset"}


def test_a_deleted_row_leaves_no_share(lab):
    view = lab.of("local")
    view.sharing.set("run", lab.ids["run"], PRIVATE, ["bob"])
    view.removals.remove([lab.ids["run"]])
    assert sees(lab, "bob") == set()  # nor the dataset, which was seen by the run alone
    run_removal.remove_due(lab, time.time() + run_removal.UNDO + 1)
    lab.add(
        "run", "local", id=lab.ids["run"], dataset="x", preparation="x", name="x", config={}, status="done"
    )
    assert lab.of("bob").readable("run", lab.ids["run"]) is None


@pytest.mark.parametrize("act", ["sharing.set", "sharing.audience"])
def test_only_the_owner_shares(lab, act):
    lab.of("local").sharing.set("run", lab.ids["run"], LAB)
    with pytest.raises(UserError, match="only its owner"):
        if act == "sharing.set":
            lab.of("bob").sharing.set("run", lab.ids["run"], LAB)
        else:
            lab.of("bob").sharing.audience("run", lab.ids["run"])


@pytest.mark.parametrize(
    ("visibility", "users", "teams"), [("public", [], []), (PRIVATE, ["nobody"], []), (PRIVATE, [], ["x"])]
)
def test_a_share_with_nobody_who_exists_is_refused(lab, visibility, users, teams):
    with pytest.raises(UserError):
        lab.of("local").sharing.set("run", lab.ids["run"], visibility, users, teams)


def test_a_viewer_changes_nothing_of_what_is_shared(lab):
    lab.of("local").sharing.set("run", lab.ids["run"], LAB)
    before = {kind: lab.row(kind, id) for kind, id in lab.ids.items()}
    vic, jobs = lab.of("vic"), len(lab.jobs())
    tries = [
        lambda: vic.runs.create(lab.ids["preparation"], {}),
        lambda: vic.preparations.create(lab.ids["dataset"], {}, "token"),
        lambda: vic.jobs.submit("explore", lab.ids["run"]),
        lambda: vic.results.embed(lab.ids["run"], "latent_umap"),
        lambda: vic.uploads.begin("cells.h5ad", 5),
        lambda: vic.teams.create("mine"),
        lambda: vic.projects.create("mine"),
        lambda: vic.recommended.example(),
    ]
    for attempt in tries:
        with pytest.raises(NotAllowed):
            attempt()
    assert before == {kind: lab.row(kind, id) for kind, id in lab.ids.items()} and len(lab.jobs()) == jobs
    assert list((lab.root / "uploads").iterdir()) == []


def test_a_viewer_downloads_no_counts(lab):
    lab.of("local").sharing.set("run", lab.ids["run"], LAB)
    for name in ("result.h5ad", "bundle.zip", "history.csv"):
        (lab.run_folder(lab.ids["run"]) / name).write_text("x")
    vic, bob = lab.of("vic").results, lab.of("bob").results
    assert vic.file(lab.ids["run"], "history.csv")
    for name in ("result.h5ad", "bundle.zip"):
        assert bob.file(lab.ids["run"], name)
        with pytest.raises(NotAllowed, match="download counts"):
            vic.file(lab.ids["run"], name)
    with pytest.raises(NotAllowed, match="download counts"):
        lab.of("vic").steps.original_file(lab.ids["dataset"])


def test_what_a_viewer_may_call_is_read_only():
    """A new method of the database is closed to viewers until it is listed; these are all that read."""
    public = {name for name in dir(Database) if not name.startswith("_")} | {"root", "settings", "reading"}
    assert public >= permitted.READS
    assert not permitted.READS & {
        "add",
        "set",
        "move",
        "forget",
        "submit",
        "remember",
        "set_job",
        "transaction",
    }


def test_a_member_does_not_get_another_members_job_by_its_token(lab):
    lab.of("local").datasets._add("x", "upload:x", {"path": "/x"}, "token-of-ada")
    with pytest.raises(Missing):
        lab.of("bob").datasets._add("y", "upload:y", {"path": "/y"}, "token-of-ada")


def test_the_audit_log_says_who_did_what(lab):
    view = lab.of("local")
    view.sharing.set("run", lab.ids["run"], PRIVATE, ["bob"])
    view.datasets.rename(lab.ids["dataset"], "other cells")
    view.removals.remove([lab.ids["run"]])
    rows = view.admin.audit()
    assert [(row["action"], row["kind"], row["name"]) for row in rows[:3]] == [
        ("delete", "run", "first"),
        ("rename", "dataset", "other cells"),
        ("share", "run", "first: user bob"),
    ]
    assert {row["who"] for row in rows} == {"Ada"}
    assert [row["action"] for row in view.admin.audit(text="other_cells")] == []  # _ is no wildcard
    assert [row["action"] for row in view.admin.audit(action="share", user="local")] == ["share"]


@pytest.mark.parametrize(
    "method", ["people", "storage", "queue", "device", "workers", "versions", "log", "audit", "actions"]
)
def test_only_an_administrator_administers(lab, method):
    assert getattr(lab.of("local").admin, method)() is not False
    for user in ("bob", "vic", "stranger"):
        with pytest.raises(NotAllowed):
            getattr(lab.of(user).admin, method)()


def test_the_audit_log_has_preprocessing_and_work_that_a_person_asked_for(lab):
    view = lab.of("local")
    view.preparations.create(lab.ids["dataset"], {}, "click")
    view.jobs.submit("markers", lab.ids["run"], {"groups": "x"})
    view.removals.remove([lab.ids["run"]])
    name = lab.row("dataset", lab.ids["dataset"])["name"]
    rows = [(row["action"], row["kind"], row["name"]) for row in view.admin.audit(n=3)]
    assert rows == [
        ("delete", "run", "first"),
        ("compute markers", "run", "first"),
        ("preprocess", "dataset", name),
    ]
