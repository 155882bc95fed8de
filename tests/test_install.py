"""Dockerfiles, compose.yaml, .env.example, scripts and documents agree with each other and with the settings."""

import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from core.settings import Settings, from_environment

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILES = ("Dockerfile", "Dockerfile.cuda")
SETTINGS = {f"NUWA_{name.upper()}" for name in Settings.model_fields}
DOCUMENTS = ("docs/install.md", "docs/scale.md", "README.md")


def text(name):
    return (ROOT / name).read_text()


def steps(name):
    """[(instruction, argument)] of a Dockerfile, continued lines joined, without comments."""
    lines = [line for line in text(name).splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [tuple(line.split(" ", 1)) for line in joined.splitlines() if line.strip()]


def arguments(name, instruction):
    return [argument for step, argument in steps(name) if step == instruction]


def environment(name):
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(arguments(name, "ENV"))))


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load(text("compose.yaml"))


def of_nuwa(compose):
    return {name: one for name, one in compose["services"].items() if one["image"].startswith("nuwa:")}


@pytest.mark.parametrize("name", [*DOCKERFILES, "compose.yaml", ".env.example", *DOCUMENTS])
def test_every_variable_that_is_named_is_a_setting(name):
    named = set(re.findall(r"NUWA_[A-Z_]+", text(name)))
    assert named - SETTINGS <= {"NUWA_TEST_DATA"}, name


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_image_serves_on_the_port_and_from_the_folder_that_it_names(name):
    env = environment(name)
    settings = from_environment(env)
    assert (settings.host, settings.port, str(settings.data_dir)) == ("0.0.0.0", 8050, "/data")
    assert arguments(name, "EXPOSE") == [env["NUWA_PORT"]] and arguments(name, "VOLUME") == ["/data"]
    (check,) = arguments(name, "HEALTHCHECK")
    assert f"http://127.0.0.1:{env['NUWA_PORT']}/health" in check


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_image_runs_without_root_under_an_init_and_is_pinned(name):
    names = [instruction for instruction, _ in steps(name)]
    assert arguments(name, "USER") == ["1000"] and names.index("USER") < names.index("CMD")
    (account,) = [run for run in arguments(name, "RUN") if run.startswith("useradd")]
    assert "--uid 1000 nuwa" in account
    for folder in ("/data", environment(name)["NUMBA_CACHE_DIR"]):  # both are written by the account
        assert re.search(rf"install -d -o nuwa -g nuwa .*{folder}(\s|$)", account)
    (entry,), (packages,) = (
        arguments(name, "ENTRYPOINT"),
        [r for r in arguments(name, "RUN") if "apt-get" in r],
    )
    assert entry == '["tini", "--"]' and "tini" in packages.split()
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", *arguments(name, "FROM"))


def test_the_two_images_differ_in_torch_and_the_gpu_alone():
    one, other = (
        {line for line in text(name).splitlines() if not line.startswith("#")} for name in DOCKERFILES
    )
    assert one ^ other == {
        "ARG TORCH_BUILD=cpu",
        "ARG TORCH_BUILD=default",
        "    NUWA_DATA_DIR=/data",
        "    NUWA_DATA_DIR=/data \\",
        "    NVIDIA_VISIBLE_DEVICES=all \\",
        "    NVIDIA_DRIVER_CAPABILITIES=compute,utility",
    }


@pytest.mark.parametrize("name", DOCKERFILES)
def test_what_an_image_copies_is_let_in_and_nothing_else_is(name):
    lines = [line for line in text(".dockerignore").splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    assert all((ROOT / path).exists() for path in let_in)
    for copied in arguments(name, "COPY")[:-1]:
        for path in copied.split()[:-1]:
            assert path in let_in and (ROOT / path).is_file()
    assert arguments(name, "COPY")[-1] == ". ."
    kept_out = ("data", ".env", "secrets", "tests", ".git", "bench", ".venv", "wheels")
    assert not any(fnmatch(path, pattern) for path in kept_out for pattern in let_in)


def test_services_of_compose_hand_over_settings_that_are_accepted(compose, tmp_path):
    for name, service in of_nuwa(compose).items():
        env = {
            key: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for key, value in service["environment"].items()
        }
        if secret := env.get("NUWA_DATABASE_PASSWORD_FILE"):
            assert secret == f"/run/secrets/{service['secrets'][0]}"
            (tmp_path / "password").write_text("one line\n")
            env["NUWA_DATABASE_PASSWORD_FILE"] = str(tmp_path / "password")
        settings = from_environment(env)
        assert (settings.executor == "celery") == (name not in ("cpu", "cuda"))
        if settings.executor == "celery":
            assert settings.database.host in compose["services"] and settings.database.password == "one line"
            assert re.match(r"redis://redis:\d+/\d$", settings.broker_url) and "redis" in compose["services"]


def test_ports_folders_and_rights_of_compose_are_those_of_the_image(compose):
    port = environment("Dockerfile")["NUWA_PORT"]
    for name, service in of_nuwa(compose).items():
        assert [volume.rpartition(":")[2] for volume in service["volumes"]] == ["/data"]
        assert service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"]
        assert all(one.endswith(f":{port}") for one in service.get("ports", ()))
        assert bool(service.get("ports")) == (
            name in ("cpu", "cuda")
        )  # in the cluster Caddy alone is reached
        file = ROOT / service["build"].get("dockerfile", "Dockerfile")
        assert file.is_file() and ("cuda" in file.name) == ("cuda" in name)
    assert f"web:{port}" in compose["configs"]["caddyfile"]["content"]
    proxy = compose["services"]["caddy"]["networks"]["front"]["ipv4_address"]
    assert of_nuwa(compose)["web"]["environment"]["NUWA_TRUSTED_PROXY"] == proxy


def test_variables_of_compose_are_explained_in_the_example(compose):
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", text("compose.yaml")))
    assert used == set(re.findall(r"^(\w+)=", text(".env.example"), flags=re.MULTILINE))


def test_profiles_and_services_that_the_documents_name_exist(compose):
    profiles = {profile for one in compose["services"].values() for profile in one["profiles"]}
    for name in (*DOCUMENTS, "compose.yaml"):
        assert set(re.findall(r"--profile ([\w-]+)", text(name))) <= profiles, name
        for line in re.findall(r"docker compose [^`\n]*? (?:stop|start) ([a-z ]+)|exec -T (\w+)", text(name)):
            assert set(" ".join(line).split()) <= set(compose["services"])


def test_the_documents_name_the_port_the_account_and_the_folder_of_the_image():
    install = text("docs/install.md")
    assert "uid 1000" in install and "-v /srv/nuwa:/data -p 8050:8050" in install
    unit = re.search(r"```ini\n(.*?)```", install, flags=re.DOTALL)[1]
    assert "TimeoutStopSec=15" in unit and "-m dashboard" in unit
    env = dict(re.findall(r"(NUWA_\w+)=(\S+)", unit))
    assert from_environment(env).host == "0.0.0.0"


def test_every_list_of_packages_is_pinned_and_part_of_the_constraints():
    pins = dict(re.findall(r"^([\w.\-]+)==(\S+)", text("constraints.txt"), flags=re.MULTILINE))
    for path in ROOT.glob("requirements*.txt"):
        assert "-c constraints.txt" in path.read_text() or "-r requirements" in path.read_text()
        if path.name == "requirements-bench.txt":
            continue
        for name, version in re.findall(
            r"^([\w.\-]+)(?:\[\w+\])?==(\S+)", path.read_text(), flags=re.MULTILINE
        ):
            assert pins.get(name) == version, f"{path.name}: {name}"


# --- scripts/install.sh, with a Python that writes down what it is called with

PYTHON = """#!/bin/sh
echo "$@" >> "$LOG"
case "$*" in
  *importlib.metadata*) exit 1 ;;
  *torch-backend*|*index-url*) exit "${FAILS:-0}" ;;
esac
"""


@pytest.fixture
def installed(tmp_path):
    """A function: the calls of Python when the lists are installed with these variables, and what the script prints."""
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o700)

    def run(**env):
        (tmp_path / "log").unlink(missing_ok=True)
        env = {"PATH": "/usr/bin:/bin", "LOG": str(tmp_path / "log")} | env
        command = [ROOT / "scripts/install.sh", tmp_path / "python", "requirements.txt"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, cwd=ROOT)
        log = (tmp_path / "log").read_text() if (tmp_path / "log").exists() else ""
        return log.splitlines(), done.stdout + done.stderr, done.returncode

    return run


@pytest.mark.skipif(Path("/proc/driver/nvidia/version").exists(), reason="this machine has an NVIDIA GPU")
def test_without_a_gpu_the_cpu_build_of_torch_is_installed_before_the_rest(installed):
    calls, printed, code = installed()
    assert code == 0 and "No NVIDIA GPU: installing the CPU build of torch" in printed
    assert "--torch-backend=cpu torch==" in calls[-2] and "--requirement=requirements.txt" in calls[-1]


def test_where_the_cpu_builds_do_not_answer_the_usual_one_is_taken_and_said(installed):
    calls, printed, code = installed(FAILS="1", TORCH_BUILD="cpu")
    assert code == 0 and "taking the usual build of torch. Another build: TORCH_BUILD=cpu" in printed
    assert calls[-1].endswith("install --requirement=requirements.txt")


def test_torch_comes_from_the_index_that_is_named(installed):
    calls, printed, code = installed(TORCH_INDEX="https://mirror.example.org/cpu")
    assert code == 0 and "from https://mirror.example.org/cpu (TORCH_INDEX)" in printed
    assert "--index-url https://mirror.example.org/cpu torch==" in calls[-2]


def test_a_folder_of_wheels_is_enough(installed):
    calls, printed, code = installed(WHEELS="wheels")
    assert code == 0 and "from the folder wheels alone" in printed
    (call,) = calls
    assert "--no-index --find-links wheels --requirement=requirements.txt" in call


def test_a_build_of_torch_that_does_not_exist_is_refused(installed):
    calls, printed, code = installed(TORCH_BUILD="gpu")
    assert (calls, code) == ([], 2) and printed == "TORCH_BUILD is 'gpu', but it is auto, cpu or default.\n"
