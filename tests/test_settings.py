"""Settings of the environment; numeric libraries get their number of threads before they are loaded."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import UserError
from core.settings import Settings, from_environment

WATCH = """
import json, os, runpy, sys

class First:
    def find_spec(self, name, *rest):
        if name in ("numpy", "torch", "numba"):
            found = {key: os.environ.get(key) for key in ("OMP_WAIT_POLICY", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")}
            print(json.dumps(found), flush=True)
            os._exit(0)

sys.meta_path.insert(0, First())
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
FREE = ("OMP_WAIT_POLICY", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@pytest.mark.parametrize(
    "words",
    [
        ("core", "train", "simulated", "--out", "out"),
        ("core", "inspect", "a.h5ad"),
        ("core", "inspect", "a.h5ad", "--repair", "use_raw"),
        ("core.worker", "short"),
    ],
)
def test_threads_are_set_before_the_first_library_is_loaded(tmp_path, words):
    env = {k: v for k, v in os.environ.items() if k not in FREE} | {
        "NUWA_THREADS": "3",
        "NUWA_DATA_DIR": str(tmp_path / "data"),
        "PYTHONPATH": os.getcwd(),
    }
    (tmp_path / "a.h5ad").touch()
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *words],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {"OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": "3", "NUMBA_NUM_THREADS": "3"}


def test_no_command_loads_a_numeric_library_before_it_runs():
    """Each command limits the threads itself: `verify` takes the number of the run that it repeats."""
    env = os.environ | {"PYTHONPATH": os.getcwd()}
    words = [sys.executable, "-c", WATCH, "core", "--help"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("usage: python -m core")


@pytest.mark.slow
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="two trainings at once need two cores")
def test_two_trainings_at_once_do_not_slow_each_other_to_a_crawl(tmp_path):
    words = [sys.executable, "-m", "core", "train", "simulated", "--epochs", "8", "--device", "cpu", "--out"]

    def seconds(*names):
        start = time.perf_counter()
        running = [
            subprocess.Popen([*words, tmp_path / name], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            for name in names
        ]
        assert [process.wait(timeout=300) for process in running] == [0] * len(names)
        return time.perf_counter() - start

    seconds("warm")
    alone = seconds("one")
    assert seconds("two", "three") < 4 * alone


BAD = [
    ({"NUWA_PORT": "http"}, "NUWA_PORT is 'http', but a port is a number from 1 to 65535."),
    ({"NUWA_PORT": "65536"}, "NUWA_PORT is '65536', but a port is a number from 1 to 65535."),
    ({"NUWA_PORT": ""}, "NUWA_PORT is '', but a port is a number from 1 to 65535."),
    (
        {"NUWA_PASSWORD": "short"},
        "The password (NUWA_PASSWORD) is shorter than 8 characters; choose a longer one.",
    ),
    ({"NUWA_PASSWORD_FILE": "/no/file"}, "NUWA_PASSWORD_FILE names '/no/file', but there is no such file."),
    (
        {"NUWA_MAX_UPLOAD_GB": "nan"},
        "NUWA_MAX_UPLOAD_GB is 'nan', but it is a number of gigabytes above 0, such as 64.",
    ),
    ({"NUWA_THREADS": "0"}, "NUWA_THREADS is '0', but it is a number of threads, 1 or more."),
    ({"NUWA_EXECUTOR": "pbs"}, "NUWA_EXECUTOR is 'pbs', but it is one of local, celery, slurm."),
    (
        {"NUWA_EXECUTOR": "celery"},
        "NUWA_EXECUTOR is celery, but NUWA_BROKER_URL is not set: name the Redis server, such as redis://redis:6379/0.",
    ),
    (
        {"NUWA_EXECUTOR": "slurm"},
        "NUWA_EXECUTOR is slurm, but NUWA_DATABASE_URL is not set: SQLite serves one machine alone, so name a PostgreSQL "
        "database.",
    ),
    ({"NUWA_LOST_AFTER": "9"}, "NUWA_LOST_AFTER is '9', but it is a whole number, 10 or more."),
    ({"NUWA_SLURM_JOBS": "many"}, "NUWA_SLURM_JOBS is 'many', but it is a whole number, 1 or more."),
    (
        {"NUWA_SLURM_OPTIONS": "--comment='a"},
        "NUWA_SLURM_OPTIONS has a quotation mark that is not closed: --comment='a",
    ),
    (
        {"NUWA_SLURM_TRAIN_OPTIONS": '"'},
        'NUWA_SLURM_TRAIN_OPTIONS has a quotation mark that is not closed: "',
    ),
    *(
        (
            {"NUWA_DATABASE_URL": address},
            "NUWA_DATABASE_URL is not the address of a PostgreSQL database, such as postgresql://nuwa@127.0.0.1/nuwa. "
            "Without it Nuwa keeps SQLite in its data folder.",
        )
        for address in ("mysql://secret@db/nuwa", "no address")
    ),
]


@pytest.mark.parametrize(("env", "sentence"), BAD)
def test_a_value_that_cannot_be_used_is_answered_by_a_sentence(env, sentence):
    with pytest.raises(UserError) as caught:
        from_environment(env)
    assert str(caught.value) == sentence


def test_settings_come_from_the_environment_with_defaults(tmp_path):
    settings = from_environment({})
    assert (settings.host, settings.port, settings.password, settings.inline) == (
        "127.0.0.1",
        8050,
        None,
        False,
    )
    assert settings.data_dir == Path("data").resolve() and settings.data_roots == ()
    (tmp_path / "password").write_text("a long password\nand a comment\n")
    env = {
        "NUWA_HOST": "0.0.0.0",
        "NUWA_PORT": "80",
        "NUWA_DATA_DIR": str(tmp_path),
        "NUWA_PASSWORD": "of the variable",
        "NUWA_PASSWORD_FILE": str(tmp_path / "password"),
        "NUWA_INLINE": "1",
        "NUWA_DATA_ROOTS": f"{tmp_path}:/data",
        "NUWA_MAX_UPLOAD_GB": "0.5",
        "NUWA_FILM": "0",
        "NUWA_NOTIFY_EMAIL": "lab@example.org",
        "NUWA_NOTIFY_FROM": "nuwa@example.org",
    }
    assert settings.film
    settings = from_environment(env)
    assert not settings.film
    assert (settings.notify_email, settings.notify_from) == ("lab@example.org", "nuwa@example.org")
    assert (settings.host, settings.port, settings.data_dir) == ("0.0.0.0", 80, tmp_path)
    assert settings.password == "a long password" and settings.inline and settings.max_upload_gb == 0.5
    assert settings.data_roots == (tmp_path, Path("/data"))


def test_settings_in_code_do_not_read_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("NUWA_PORT", "9999")
    assert Settings(data_dir=tmp_path).port == 8050 and from_environment().port == 9999


def test_the_password_of_the_database_comes_from_a_file(tmp_path):
    (tmp_path / "password").write_text("p@ss/word\n")
    env = {"NUWA_DATABASE_URL": "postgres://nuwa:other@db:5433/lab"}
    url = from_environment(env).database
    assert (url.drivername, url.host, url.port, url.password) == ("postgresql+psycopg", "db", 5433, "other")
    env["NUWA_DATABASE_PASSWORD_FILE"] = str(tmp_path / "password")
    assert from_environment(env).database.password == "p@ss/word"
    with pytest.raises(UserError, match="NUWA_DATABASE_PASSWORD_FILE names '/no/file', but there is no such"):
        from_environment(env | {"NUWA_DATABASE_PASSWORD_FILE": "/no/file"})


def test_a_proxy_and_https_are_set_by_name():
    settings = from_environment({"NUWA_TRUSTED_PROXY": "10.0.0.2", "NUWA_HTTPS": "1"})
    assert settings.trusted_proxy == "10.0.0.2" and settings.https is True
    assert from_environment({}).trusted_proxy is None and from_environment({}).https is False
