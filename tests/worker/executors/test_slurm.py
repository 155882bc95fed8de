"""Jobs in Slurm, whose commands are small programs here; test_slurm_cluster.py has a real one."""

import os
from types import SimpleNamespace

import pytest
from store_rows import new_run

from core.settings import Settings
from core.store import Store
from core.store.executions import Executions
from core.worker import executors
from core.worker.executors import slurm
from core.worker.executors.interface import Refused, Unreachable
from core.worker.executors.local import Local

# Each keeps what it was called with; `answer` says what the next sbatch does, `states` what squeue prints.
SBATCH = """#!/bin/sh
printf '%s\\n' "$@" > "$HERE/arguments"
echo "$NUWA_DATA_DIR" > "$HERE/folder"
if [ -s "$HERE/answer" ]; then cat "$HERE/answer" >&2; exit 1; fi
echo 17
"""
SQUEUE = """#!/bin/sh
[ -e "$HERE/away" ] && { echo "squeue: error: Unable to contact slurm controller" >&2; exit 1; }
cat "$HERE/states"
"""
SCANCEL = """#!/bin/sh
echo "$@" >> "$HERE/cancelled"
"""


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """A store whose executor is Slurm: .store, .slurm, .job (a training), .folder of the programs, .now."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("sbatch", SBATCH), ("squeue", SQUEUE), ("scancel", SCANCEL)):
        (folder / name).write_text(text.replace("$HERE", str(folder)))
        (folder / name).chmod(0o700)
    (folder / "states").touch()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    options = {
        "slurm_options": "--partition=gpu",
        "slurm_train_options": "--gres=gpu:1 --comment='two words'",
    }
    store = Store(Settings(data_dir=tmp_path / "data", inline=True, **options))
    job = store.of("local").jobs.last(new_run(store, "queued"), "train")
    one = SimpleNamespace(store=store, job=job, folder=folder, now=100.0)
    monkeypatch.setattr(slurm, "time", SimpleNamespace(monotonic=lambda: one.now))
    one.slurm = slurm.Slurm(store, Local(store.root))
    yield one
    store.engine.dispose()


def handle_of(cluster):
    return Executions(cluster.store).one(cluster.job["id"])["handle"]


def test_the_settings_choose_slurm(cluster):
    settings = cluster.store.settings.model_copy(update={"executor": "slurm"})
    other = SimpleNamespace(settings=settings, root=cluster.store.root)
    assert isinstance(executors.of(other, None), slurm.Slurm)
    assert cluster.slurm.places("train") == 4


def test_a_run_is_submitted_with_the_options_of_the_settings(cluster):
    assert cluster.slurm.submit(cluster.job) == {}
    arguments = (cluster.folder / "arguments").read_text().splitlines()
    handle = handle_of(cluster)
    assert {"--requeue", f"--job-name=nuwa-{handle}", "--partition=gpu", "--gres=gpu:1"} <= set(arguments)
    assert "--comment=two words" in arguments
    assert arguments[-1].endswith(f"-m core.worker attend {cluster.job['id']} {handle}")
    assert (cluster.folder / "folder").read_text().strip() == str(cluster.store.root)
    cluster.slurm.submit(cluster.job | {"lane": "slow"})
    assert "--gres=gpu:1" not in (cluster.folder / "arguments").read_text()


@pytest.mark.parametrize(
    "state, lives",
    [("PENDING", True), ("RUNNING", True), ("REQUEUED", True), ("COMPLETED", False), ("NODE_FAIL", False)],
)
def test_a_job_lives_as_long_as_slurm_lists_it_as_waiting_or_running(cluster, state, lives):
    cluster.slurm.submit(cluster.job)
    (cluster.folder / "states").write_text(f"other RUNNING\nnuwa-{handle_of(cluster)} {state}\n")
    cluster.now += 60
    assert cluster.slurm.alive(cluster.job) is lives


def test_a_job_that_slurm_does_not_list_yet_lives_for_a_while(cluster):
    cluster.slurm.submit(cluster.job)
    assert cluster.slurm.alive(cluster.job)
    cluster.now += 60
    assert not cluster.slurm.alive(cluster.job)


def test_without_an_answer_of_slurm_the_signs_of_life_decide(cluster):
    cluster.slurm.submit(cluster.job)
    (cluster.folder / "away").touch()
    cluster.now += 60
    assert cluster.slurm.alive(cluster.job)


def test_a_job_that_is_cancelled_is_cancelled_in_slurm(cluster):
    cluster.slurm.submit(cluster.job)
    handle = handle_of(cluster)
    cluster.slurm.cancel(cluster.job)
    assert (cluster.folder / "cancelled").read_text() == f"--name=nuwa-{handle}\n"
    assert Executions(cluster.store).one(cluster.job["id"]) is None


def test_what_slurm_refuses_is_told_in_its_words_and_leaves_nothing(cluster):
    (cluster.folder / "answer").write_text("sbatch: error: invalid partition specified: gpu\n")
    with pytest.raises(Refused, match=r"^Slurm refused this job \(error: invalid partition specified: gpu\)"):
        cluster.slurm.submit(cluster.job)
    assert Executions(cluster.store).one(cluster.job["id"]) is None


def test_a_controller_that_does_not_answer_is_asked_again_later(cluster):
    (cluster.folder / "answer").write_text(
        "sbatch: error: Unable to contact slurm controller (connect failure)\n"
    )
    with pytest.raises(Unreachable, match="Unable to contact"):
        cluster.slurm.submit(cluster.job)


def test_a_server_without_slurm_says_what_to_do(cluster, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Refused, match="The program sbatch is not on this server: install Slurm's client"):
        cluster.slurm.submit(cluster.job)
