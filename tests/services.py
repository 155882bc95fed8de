"""Servers that tests start on 127.0.0.1, each in a folder of its own; a test skips where one cannot be started."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest


def free_port():
    """A port of 127.0.0.1 that nobody listens to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def answers(port):
    """Whether somebody listens to a port of 127.0.0.1."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def until(question, seconds, log):
    """Wait until `question()` is true; skips the test with the end of the log where it does not become so."""
    end = time.monotonic() + seconds
    while not question():
        if time.monotonic() > end:
            pytest.skip(f"a server did not start: {log.read_text()[-400:] if log.exists() else 'no log'}")
        time.sleep(0.1)


@contextmanager
def postgresql():
    """The address of a new PostgreSQL database; the server ends with the block."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("PostgreSQL is not installed (scripts/services.sh)")
    bin, folder, port = programs[-1].parent, Path(tempfile.mkdtemp(prefix="nuwa-pg-")), free_port()
    account = {}
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        account = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    log = folder / "log"
    options = ["-A", "trust", "-U", "nuwa", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(
        [bin / "initdb", "-D", folder / "db", *options], check=True, capture_output=True, **account
    )
    settings = {
        "fsync": "off",
        "unix_socket_directories": folder,
        "listen_addresses": "127.0.0.1",
        "port": port,
    }
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with log.open("wb") as file:
        server = subprocess.Popen([bin / "postgres", "-D", folder / "db", *words], stderr=file, **account)
    try:
        until(lambda: answers(port), 30, log)
        yield f"postgresql://nuwa@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # SIGTERM waits for all clients
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis():
    """The address of a new Redis; the server ends with the block."""
    program = shutil.which("redis-server")
    if not program:
        pytest.skip("Redis is not installed (scripts/services.sh)")
    folder, port = Path(tempfile.mkdtemp(prefix="nuwa-redis-")), free_port()
    log = folder / "log"
    words = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with log.open("wb") as file:
        server = subprocess.Popen([program, *words], stdout=file, stderr=file)
    try:
        until(lambda: answers(port), 30, log)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def slurm():
    """A Slurm of one node, this machine; its commands find it by SLURM_CONF, which is set within the block."""
    if not os.environ.get("NUWA_TEST_SLURM"):
        pytest.skip("a minute and a half in a real Slurm: NUWA_TEST_SLURM=1 runs it")
    programs = {
        name: shutil.which(name) for name in ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scancel")
    }
    if not all(programs.values()):
        pytest.skip("Slurm is not installed (scripts/services.sh)")
    if os.getuid() != 0:
        pytest.skip("slurmd starts as root alone")
    folder, servers = Path(tempfile.mkdtemp(prefix="nuwa-slurm-", dir="/run")), []
    host, socket_path = socket.gethostname().partition(".")[0], folder / "munge.socket"
    (folder / "key").write_bytes(os.urandom(128))
    (folder / "key").chmod(0o400)
    conf = folder / "slurm.conf"
    lines = {
        "ClusterName": "nuwa",
        "SlurmctldHost": f"{host}(127.0.0.1)",
        "AuthInfo": f"socket={socket_path}",
        "SlurmUser": "root",
        "SlurmctldPort": free_port(),
        "SlurmdPort": free_port(),
        "SlurmctldPidFile": folder / "slurmctld.pid",
        "SlurmdPidFile": folder / "slurmd.pid",
        "SlurmdSpoolDir": folder / "spool",
        "StateSaveLocation": folder / "state",
        "SlurmctldLogFile": folder / "slurmctld.log",
        "SlurmdLogFile": folder / "slurmd.log",
        "ProctrackType": "proctrack/linuxproc",
        "TaskPlugin": "task/none",
        "MpiDefault": "none",
        "SelectType": "select/cons_tres",
        "JobAcctGatherType": "jobacct_gather/none",
        "ReturnToService": 2,
        "KillWait": 10,
        "NodeName": f"{host} NodeAddr=127.0.0.1 CPUs={os.cpu_count()} State=UNKNOWN",
        "PartitionName": f"all Nodes={host} Default=YES MaxTime=INFINITE State=UP",
    }
    conf.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    log = folder / "slurmctld.log"

    def ready():
        done = subprocess.run(["sinfo", "-h", "-o", "%t"], capture_output=True, text=True, timeout=20)
        return done.stdout.strip() in ("idle", "mix", "alloc")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(conf))
        try:
            munge = ["--foreground", "--force", f"--socket={socket_path}", f"--key-file={folder / 'key'}"]
            munge += [
                f"--pid-file={folder / 'munge.pid'}",
                f"--seed-file={folder / 'seed'}",
                "--log-file",
                folder / "munge.log",
            ]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            servers.append(subprocess.Popen(["munged", *munge], **quiet))
            until(socket_path.exists, 20, folder / "munge.log")
            servers.append(subprocess.Popen(["slurmctld", "-D", "-f", conf], **quiet))
            servers.append(subprocess.Popen(["slurmd", "-D", "-f", conf, "-N", host], **quiet))
            until(ready, 40, log)
            yield folder
        finally:
            for server in reversed(servers):
                server.terminate()
                try:
                    server.wait(20)
                except subprocess.TimeoutExpired:
                    server.kill()
                    server.wait()
            shutil.rmtree(folder, ignore_errors=True)
