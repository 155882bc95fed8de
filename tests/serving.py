"""Dashboards in processes of their own, for tests that need a real server with its real worker."""

import json as codec
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import psutil

ROOT = Path(__file__).resolve().parents[1]


def server_environment(folder, **values):
    """The environment of a dashboard process of its own over a data folder, on a free port."""
    with socket.socket() as free_socket:
        free_socket.bind(("127.0.0.1", 0))
        port = free_socket.getsockname()[1]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NUWA_")}
    return clean | {"NUWA_DATA_DIR": str(folder), "NUWA_PORT": str(port)} | values


@contextmanager
def serving():
    """A function of a data folder that starts `python -m dashboard` over it and gives its address once it answers.

    Its `processes` are the servers that it has started.
    """
    started = []

    def start(folder, **values):
        env = server_environment(folder, **values)
        process = subprocess.Popen([sys.executable, "-m", "dashboard"], cwd=ROOT, env=env)
        started.append(process)
        base = f"http://127.0.0.1:{env['NUWA_PORT']}"
        for _ in range(600):
            assert process.poll() is None, "the server has stopped"
            try:
                urllib.request.urlopen(f"{base}/health").close()
                return base
            except urllib.error.URLError:
                time.sleep(0.05)
        raise AssertionError("the server does not answer")

    start.processes = started
    try:
        yield start
    finally:
        end(started)


def end(processes):
    """Kill servers with all of their family: the worker and its children live in sessions of their own."""
    for process in processes:
        family = [psutil.Process(process.pid)] if process.poll() is None else []
        family += [child for p in family for child in p.children(recursive=True)]
        for member in family:
            member.kill()
        psutil.wait_procs(family, timeout=10)


class Http:
    """The client of a AppUnderTest over a server in another process."""

    def __init__(self, base):
        self.base = base

    def get(self, path):
        with urllib.request.urlopen(self.base + path) as answer:
            return SimpleNamespace(json=codec.load(answer))

    def post(self, path, json, headers=None):
        body = codec.dumps(json).encode()
        request = urllib.request.Request(
            self.base + path, body, {"Content-Type": "application/json"} | (headers or {})
        )
        with urllib.request.urlopen(request) as answer:
            text = answer.read().decode()
        return SimpleNamespace(status_code=answer.status, text=text, json=codec.loads(text))
