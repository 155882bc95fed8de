"""Uploads in a real Chromium: paused, reloaded, cut off from a server that restarts, one after another."""

import fcntl
import hashlib
import re
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from app_under_test import bring
from browsing import STEP, WORK, wait_until, wait_until_page
from playwright.sync_api import expect
from serving import server_environment

from core.settings import Settings
from core.store import Store

pytestmark = pytest.mark.browser

# A line of 20 kB every 400 ms, so that there is a middle to stop in, until quickly() is called; and the offsets that
# were sent are kept.
SLOW = """
    window.offsets = [];
    window.delay = 400;
    const fetched = window.fetch;
    window.fetch = async (address, asked) => {
        if (asked && asked.method === "PUT") {
            window.offsets.push(Number(new URL(address, location).searchParams.get("offset")));
            await new Promise((resolve) => setTimeout(resolve, window.delay));
        }
        return fetched(address, asked);
    };
    new MutationObserver(() => document.querySelectorAll(".nuwa-drop").forEach((zone) => (zone.dataset.part = 20000)))
        .observe(document, { childList: true, subtree: true });
"""


class Running:
    """A server that can be killed and started again at the same address, and the store as it sees it."""

    def __init__(self, serve, folder):
        self.serve, self.folder = serve, folder
        self.port = server_environment(folder)["NUWA_PORT"]
        self.base = f"http://127.0.0.1:{self.port}"
        self.workers = []
        self.start()
        self.store = Store(Settings(port=int(self.port), data_dir=folder, inline=False))
        self.view = self.store.of("local")

    def start(self):
        self.serve(self.folder, NUWA_PORT=self.port)

    def process(self):
        ours = (p for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE)
        return next(p for p in ours if p.environ().get("NUWA_PORT") == self.port)

    def kill(self):
        """As a crash does it: the worker goes on by itself, and is found by the next server."""
        process = self.process()
        self.workers += process.children(recursive=True)
        process.kill()
        process.wait()

    def close(self):
        self.store.engine.dispose()
        for worker in self.workers:
            if worker.is_running():
                worker.kill()


@pytest.fixture
def page(context, server):
    """The Data page, behind a slow line."""
    opened = context.new_page()
    slowly(opened, server)
    yield opened
    opened.close()


@pytest.fixture
def lone_page(browser):
    """A tab of a profile of its own, closed at the end: one whose server is gone asks for it again and again."""
    profile = browser.new_context(viewport={"width": 1280, "height": 800})
    profile.set_default_timeout(STEP)
    yield profile.new_page()
    profile.close()


def slowly(page, server):
    """Open the Data page of a server, behind a slow line."""
    page.add_init_script(SLOW)
    page.goto(f"{server.base}/data")
    page.wait_for_selector("#upload input[type=file]", state="attached")


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    """A table of 300 kB."""
    path = tmp_path_factory.mktemp("labels") / "labels.csv"
    path.write_text("cell,label\n" + "".join(f"cell-{i:05d},group {i % 7}\n" for i in range(15_000)))
    return path


def choose(page, *paths, field="upload"):
    page.set_input_files(f"#{field} input[type=file]", paths)


def begun(page):
    """Wait until a part of the file on its way has arrived."""
    bar = page.get_by_role("progressbar", name="Uploaded part of ")
    wait_until_page(page, lambda: 10 < int(bar.get_attribute("aria-valuenow")) < 100)


def quickly(page):
    """Send the rest without delay."""
    page.evaluate("window.delay = 0")


def named(server, name):
    return [row for row in server.view.datasets.all() if row["name"] == name]


def arrived(page, server, name):
    """The page shows the dataset of a file that has come; its row once it was read."""
    expect(page.locator("#header")).to_contain_text(name, timeout=WORK)
    (row,) = named(server, name)
    wait_until(lambda: server.view.datasets.one(row["id"])["status"] not in ("queued", "running"))
    return server.view.datasets.one(row["id"])


def test_a_reload_in_the_middle_costs_what_was_not_sent_yet(page, server, tiny_file, tmp_path):
    path = tmp_path / "reloaded.h5ad"
    path.write_bytes(tiny_file.read_bytes())
    choose(page, path)
    begun(page)
    expect(page.locator("#uploads [role=status]")).to_contain_text("reloaded.h5ad: ")
    page.reload()
    expect(page.locator("#uploads")).to_contain_text(
        re.compile(
            r"The upload of 'reloaded.h5ad' was interrupted at 0.. MB of 0.. MB. Choose the same file again"
        )
    )
    (there,) = server.view.uploads.unfinished()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose the file again").click()
    quickly(page)
    chooser.value.set_files(path)
    assert arrived(page, server, "reloaded.h5ad")["record"]["cells"] == 240
    assert page.evaluate("window.offsets[0]") == there["offset"] > 0
    expect(page.locator("#uploads .nuwa-upload")).to_have_count(0)


@pytest.mark.slow
def test_another_file_of_that_name_and_size_starts_from_zero(page, server, tmp_path, labels):
    choose(page, labels)
    begun(page)
    page.reload()
    expect(page.locator("#uploads")).to_contain_text("The upload of 'labels.csv' was interrupted")
    other = tmp_path / "labels.csv"
    other.write_bytes(labels.read_bytes().replace(b"group", b"group".upper()))
    choose(page, other)
    wait_until_page(page, lambda: page.evaluate("window.offsets.length") > 1)
    assert page.evaluate("window.offsets[0]") == 0
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cancel labels.csv").click()
    wait_until(lambda: not any((server.store.root / "uploads").iterdir()))


def test_pause_stops_one_file_alone_resume_continues_and_cancel_asks(page, server, labels, tmp_path):
    choose(page, labels)
    begun(page)
    page.get_by_role("button", name="Pause labels.csv").click()
    expect(page.locator("#uploads")).to_contain_text("Paused at")
    page.wait_for_timeout(300)  # what was on its way is there, or not
    held = page.evaluate("window.offsets.length")
    page.wait_for_timeout(600)
    assert page.evaluate("window.offsets.length") == held
    quickly(page)
    behind = tmp_path / "behind.h5ad"
    behind.write_bytes(bytes(40_000))  # no dataset at all: it is about who goes first
    choose(page, behind)
    arrived(page, server, "behind.h5ad")
    expect(page.locator("#uploads")).to_contain_text("Paused at")
    held = page.evaluate("window.delay = 400, window.offsets.length")
    page.get_by_role("button", name="Resume labels.csv").click()
    wait_until_page(page, lambda: page.evaluate("window.offsets.length") > held + 2)
    questions = []
    page.once("dialog", lambda dialog: (questions.append(dialog.message), dialog.dismiss()))
    page.get_by_role("button", name="Cancel labels.csv").click()
    assert questions == ["Delete the uploaded part of 'labels.csv'?"]
    assert len(server.view.uploads.unfinished()) == 1
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cancel labels.csv").click()
    expect(page.locator("#uploads .nuwa-upload")).to_have_count(0)
    wait_until(lambda: not any((server.store.root / "uploads").iterdir()))
    assert named(server, "labels.csv") == []


@pytest.mark.slow
def test_a_server_that_restarts_is_waited_for(serve, lone_page, tiny_file, tmp_path):
    server, page = Running(serve, tmp_path / "data"), lone_page
    slowly(page, server)
    path = tmp_path / "again.h5ad"
    path.write_bytes(tiny_file.read_bytes())
    choose(page, path)
    begun(page)
    server.kill()
    expect(page.locator("#uploads")).to_contain_text("The server does not respond")
    server.start()
    quickly(page)
    assert arrived(page, server, "again.h5ad")["record"]["cells"] == 240
    offsets = page.evaluate("window.offsets")
    assert offsets.count(0) == 1 and offsets == sorted(offsets)  # it did not begin anew
    server.close()


@pytest.mark.slow
def test_the_keyboard_chooses_two_files_that_go_one_after_another(page, server, tiny_file, tmp_path):
    first, second = tmp_path / "first.h5ad", tmp_path / "second.h5ad"
    for path in (first, second):
        path.write_bytes(tiny_file.read_bytes()[:100_000])  # damaged: this test is not about reading
    # Asked for early: a key pressed at once can overtake Playwright's wish to see the chooser.
    with page.expect_file_chooser() as chooser:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent") == " Choose files":
                break
        page.keyboard.press("Enter")
    assert chooser.value.is_multiple()
    chooser.value.set_files([first, second])
    expect(page.locator("#uploads")).to_contain_text("Waiting.")
    arrived(page, server, "second.h5ad")
    assert len(named(server, "first.h5ad")) == 1
    offsets = page.evaluate("window.offsets")
    assert offsets == [*range(0, 100_000, 20_000)] * 2


@pytest.mark.slow
def test_a_second_file_is_uploaded_for_the_dataset_on_the_page(page, server, tiny, tiny_file, tmp_path):
    first = bring(server.view, "rna.h5ad", tiny_file.read_bytes())
    wait_until(lambda: server.view.datasets.one(first)["status"] == "ready")
    path = tmp_path / "more.csv"
    path.write_text(tiny.obs.rename(columns={"cell_type": "kind"}).to_csv())
    page.goto(f"{server.base}/data?dataset={first}")
    page.get_by_text("Add proteins, labels or a background from a second file").click()
    page.get_by_label("labels of its cells").check()
    choose(page, path, field="join-upload")
    row = arrived(page, server, "rna.h5ad + more.csv")
    assert "kind" in [column["name"] for column in row["record"]["columns"]]


@pytest.mark.slow
def test_the_lines_of_an_upload_can_be_read_in_both_themes(page, labels):
    """WCAG asks for 4.5:1 between text and its ground."""
    choose(page, labels)
    help_text = page.locator(".nuwa-upload .help")
    expect(help_text).to_be_visible()
    light = """node => {
        const [text, ground] = [node, node.closest(".nuwa-upload")].map((n, i) => {
            const colour = getComputedStyle(n)[i ? "backgroundColor" : "color"].match(/[\\d.]+/g).slice(0, 3);
            const [r, g, b] = colour.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
        });
        return Math.max(text, ground) / Math.min(text, ground);
    }"""
    for theme in ("light", "dark"):
        page.evaluate("theme => (document.documentElement.dataset.bsTheme = theme)", theme)
        assert help_text.evaluate(light) >= 4.5, theme
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cancel labels.csv").click()


@pytest.mark.slow
def test_a_large_file_survives_a_crash_and_a_reload_in_little_memory(serve, lone_page, tmp_path):
    """The test holds the worker's lock, so that none comes and the file stays where it arrived."""
    path, size, rng = tmp_path / "big.h5ad", 800 * 10**6, np.random.default_rng(0)
    with path.open("wb") as file:
        file.truncate(size)
        for at in range(0, size, 50_000_000):  # sparse, and yet nothing could be swapped unnoticed
            file.seek(at)
            file.write(rng.bytes(1000))
    folder = tmp_path / "data"
    folder.mkdir()
    lock = (folder / "worker.lock").open("a")
    fcntl.flock(lock, fcntl.LOCK_EX)
    server = Running(serve, folder)
    page, above = lone_page, []

    def send(far):
        """Choose the file; once it is `far`, note how much more memory the server has held than at rest."""
        page.goto(f"{server.base}/data", timeout=WORK)
        page.wait_for_selector("#upload input[type=file]", state="attached", timeout=WORK)
        idle, begun = held("VmRSS"), time.monotonic()
        choose(page, path)
        wait_until_page(page, far, seconds=250)
        above.append(held("VmHWM") - idle)
        print(f"{idle / 1e6:.0f} MB at rest, {above[-1] / 1e6:.0f} MB more; {time.monotonic() - begun:.0f} s")

    def held(what):
        lines = Path(f"/proc/{server.process().pid}/status").read_text().splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith(what))

    uploads = server.view.uploads
    send(lambda: any(there["offset"] > size / 4 for there in uploads.unfinished()))
    server.kill()
    server.start()
    (there,) = uploads.unfinished()
    send(lambda: named(server, "big.h5ad"))
    assert there["offset"] > size / 4 and max(above) < 150e6
    (job,) = server.store.jobs()
    assert digest(job["arguments"]["path"]) == digest(path)
    server.close()
    lock.close()


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_the_first_dataset_of_all_does_not_replace_the_one_that_an_upload_opened(page, server):
    """The answer that names it may have been on its way when the upload ended."""
    answer = "link => dash_clientside.set_props('data-first', { data: link })"
    page.evaluate(answer, "/data?dataset=first")
    page.wait_for_url("**/data?dataset=first")
    page.evaluate("dash_clientside.set_props('url', { href: '/data?dataset=uploaded' })")
    expect(page.get_by_text("The dataset of this link no longer exists")).to_be_visible()
    page.evaluate(answer, "/data?dataset=another")
    page.wait_for_timeout(300)  # time for a change that must not come
    assert page.url.endswith("/data?dataset=uploaded")
