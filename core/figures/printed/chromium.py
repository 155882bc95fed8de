"""Plotly's figures drawn by kaleido in a Chromium, in a separate process that is ended when it takes too long.

Chromium is found on the PATH or by BROWSER_PATH. It loads plotly.js from the package and nothing else: requests to the
network go to a proxy that does not exist.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from core.config.bundle import INCH, PIXELS

START, A_FIGURE = 45.0, 30.0  # seconds to start in and for a figure, on a machine with other things to do
NOWHERE = "http://127.0.0.1:9"  # the port of "discard": nothing answers
ROOT = Path(__file__).resolve().parents[3]


def draw(tasks, folder, report=lambda share: None, seconds=None):
    """Draw one file a task; returns one sentence on what went wrong, "" where all are there.

    `folder` is an empty folder for intermediate files; `report` gets the share that is done. A Chromium that is missing,
    fails or hangs leaves the files that it had finished. A task is a dict: "figure" as plotly's JSON, "out",
    "format", "width" and "height" in pixels of CSS, and "scale".
    """
    if not tasks:
        return ""
    # A short path: Chromium's socket lies there, and its name may have 107 letters.
    with tempfile.TemporaryDirectory(prefix="nuwa-", dir=os.environ.get("TMPDIR", "/tmp")) as temporary:
        return _draw(tasks, folder, temporary, report, seconds)


def _draw(tasks, folder, temporary, report, seconds):
    tasks_file = folder / "tasks.json"
    tasks_file.write_text(json.dumps(tasks))
    folders = {name: temporary for name in ("TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    with open(folder / "log", "wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "core.figures.printed.chromium", str(tasks_file)],
            cwd=ROOT,
            env=os.environ | folders | {"CHOREO_PROXY_SERVER": NOWHERE},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    end = time.monotonic() + (START + A_FIGURE * len(tasks) if seconds is None else seconds)
    try:
        while child.poll() is None and time.monotonic() < end:
            report(sum(Path(task["out"]).exists() for task in tasks) / len(tasks))
            time.sleep(0.1)
        if child.returncode is None:
            return "Chromium took too long to draw the figures."
    finally:
        _end(child)
    if child.returncode:
        last = (folder / "log").read_text(errors="replace").strip().splitlines()[-1:]
        return f"Chromium could not draw the figures ({(last or ['it said nothing'])[0][:200]})."
    return ""


def _end(child):
    """End the process with all that it has started: the browser is in a separate session."""
    try:
        family = psutil.Process(child.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    child.kill()
    child.wait()
    psutil.wait_procs(family, timeout=5)


async def _draw_all(tasks):
    import kaleido

    async with kaleido.Kaleido(n=1, mathjax=False, timeout=A_FIGURE) as browser:
        for task in tasks:
            size = {name: task[name] for name in ("format", "width", "height", "scale")}
            content = await browser.calc_fig(task["figure"], size)
            if task["format"] == "svg":
                content = in_millimetres(content.decode(), task["width"], task["height"]).encode()
            out = Path(task["out"])
            unfinished = out.with_name(f".{out.name}")
            unfinished.write_bytes(content)
            unfinished.replace(out)


def in_millimetres(svg, width, height):
    """An SVG whose size in CSS pixels is given in millimetres, which every program reads alike."""
    head, rest = svg.split(">", 1)
    for name, pixels in (("width", width), ("height", height)):
        head = head.replace(f'{name}="{pixels}"', f'{name}="{pixels / PIXELS * INCH:.2f}mm"', 1)
    return f"{head}>{rest}"


if __name__ == "__main__":
    import asyncio

    asyncio.run(_draw_all(json.loads(Path(sys.argv[1]).read_text())))
