"""The Train page in a real Chromium: start by keyboard, reload, second tab, queue and cancel."""

import re

import pytest
from browsing import WORK, start_run, wait_until, wait_until_page
from playwright.sync_api import expect

from core.store import ACTIVE

pytestmark = pytest.mark.browser

# A run that is still training when a test looks at it: small data, so that what follows it is quick, and slow epochs.
ENDLESS = {"epochs": 10_000, "n_hidden": 4096, "batch_size": 8}


@pytest.fixture(scope="module")
def cancel_left_runs(server):
    """Cancels a run that no test has cancelled: it would take a core from all files that follow."""
    yield
    active = [r["id"] for r in server.view.runs.all() if r["status"] in ACTIVE]
    for run in active:
        server.view.runs.cancel(run)
    wait_until(lambda: not any(server.view.runs.one(run)["status"] in ACTIVE for run in active))


@pytest.fixture
def long_run(server, tiny_preparation, cancel_left_runs):
    """A run that trains for long; the same one for all tests that do not cancel it."""
    running = [r["id"] for r in server.view.runs.all() if r["status"] == "running"]
    run = running[0] if running else start_run(server, tiny_preparation, "long run", ENDLESS)
    wait_until(lambda: len(server.view.runs.epochs(run)) > 1)
    return run


def epoch_on_page(page):
    match = re.search(r"epoch (\d+) of", page.locator("#status").inner_text())
    return int(match[1]) if match else 0


@pytest.mark.slow
def test_the_keyboard_alone_starts_a_training(page, server, tiny_run):
    """From the settings to the trained run without a mouse; the number of epochs is typed."""
    page.goto(f"{server.base}/model?run={tiny_run}")
    field = page.locator("[data-setting=epochs] input")
    field.fill("7")
    field.press("Tab")
    expect(page.locator("#model-numbers")).to_contain_text("Epochs7")
    tab_to(page, "model-create")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("Ready to train")
    expect(page.get_by_role("heading", level=1, name="Train")).to_be_focused()  # the focus goes there once
    tab_to(page, "train")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("Training complete", timeout=WORK)
    expect(page.locator("#tiles")).to_contain_text("7 / 7")


def tab_to(page, id):
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == id:
            return
    raise AssertionError(f"Tab does not reach #{id}")


def test_a_reload_and_a_second_tab_show_the_run_again(page, context, server, long_run):
    page.goto(f"{server.base}/train?run={long_run}")
    expect(page.locator("#status")).to_contain_text("epoch")
    before = epoch_on_page(page)
    page.reload()
    wait_until_page(page, lambda: epoch_on_page(page) > before + 1)
    second = context.new_page()
    second.goto(f"{server.base}/train")  # the latest run: the link names none
    wait_until_page(second, lambda: epoch_on_page(second) > before + 1)
    expect(second.locator("#header")).to_contain_text(long_run)
    first_epoch, second_epoch = epoch_on_page(page), epoch_on_page(second)
    wait_until_page(page, lambda: epoch_on_page(page) > first_epoch)  # both go on
    wait_until_page(second, lambda: epoch_on_page(second) > second_epoch)
    expect(second.get_by_role("button", name="Cancel")).to_be_enabled()
    expect(second.get_by_role("button", name="Train", exact=True)).to_be_hidden()


@pytest.mark.slow
def test_short_jobs_finish_while_a_run_trains(page, server, tiny_file, long_run):
    page.goto(f"{server.base}/data")
    page.set_input_files("#upload input[type=file]", files={**payload(tiny_file), "name": "meanwhile.h5ad"})
    expect(page.locator("#header")).to_contain_text("meanwhile.h5ad", timeout=WORK)
    page.get_by_role("link", name="Preprocess this dataset").click(timeout=WORK)
    page.get_by_role("button", name=re.compile("^Preprocess")).click()
    expect(page.get_by_role("link", name="Create a model")).to_be_visible(timeout=WORK)
    expect(page.locator("#sidebar-activity")).to_contain_text("1 training")
    assert server.view.runs.one(long_run)["status"] == "running"


def payload(path):
    return {"name": path.name, "mimeType": "application/octet-stream", "buffer": path.read_bytes()}


@pytest.mark.slow
def test_a_second_run_queues_behind_the_first_and_says_so(page, server, long_run, tiny_preparation):
    behind = server.view.runs.create(tiny_preparation, {"epochs": 2}, "behind")
    page.goto(f"{server.base}/train?run={behind}")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator("#status")).to_contain_text("Waiting in the queue. Waiting for training of")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#status")).to_contain_text("Cancelled before it began.")
    assert server.view.runs.one(long_run)["status"] == "running"


@pytest.mark.slow
def test_cancel_stops_a_run_keeps_its_weights_and_starts_the_next_one(
    page, server, long_run, tiny_preparation
):
    behind = start_run(server, tiny_preparation, "behind", {"epochs": 2})
    page.goto(f"{server.base}/train?run={long_run}")
    wait_until_page(page, lambda: epoch_on_page(page) > 1)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#status")).to_contain_text("Cancelled", timeout=WORK)
    expect(page.locator("#status")).to_contain_text(re.compile(r"the weights of epoch \d+ were kept"))
    expect(page.get_by_role("link", name="See the clusters")).to_be_visible(timeout=WORK)
    assert server.view.runs.one(long_run)["status"] == "cancelled"
    assert len(server.view.runs.epochs(long_run)) < ENDLESS["epochs"]
    assert (server.store.run_folder(long_run) / "model.pt").exists()
    wait_until(lambda: server.view.runs.one(behind)["status"] == "done")


@pytest.mark.slow
def test_the_film_of_the_latent_space_is_played_and_downloaded(page, server, tiny_run):
    page.goto(f"{server.base}/train?run={tiny_run}")
    canvas, slider = page.locator("#film canvas"), page.locator("#film-slider")
    expect(canvas).to_have_attribute("data-epoch", re.compile(r"\d+"))
    last = canvas.get_attribute("data-epoch")
    expect(page.locator("#film-size")).to_contain_text("validation cells")
    slider.evaluate("one => { one.value = 0; one.dispatchEvent(new Event('input')); }")
    expect(canvas).to_have_attribute("data-epoch", "1")
    expect(page.locator("#film-epoch")).to_have_text("epoch 1")
    page.get_by_role("button", name="Play film").click()
    expect(canvas).to_have_attribute("data-epoch", last)  # it ends with the last frame
    expect(page.get_by_role("button", name="Play film")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download GIF").click()
    with open(download.value.path(), "rb") as file:
        assert file.read(6) == b"GIF89a"


@pytest.mark.slow
def test_the_curve_of_a_link_has_its_view_and_a_change_is_in_the_link(page, server, tiny_run):
    page.goto(f"{server.base}/train?run={tiny_run}&curve=learning_rate")
    expect(page.locator("#loss .ytitle")).to_have_text("learning rate")
    page.get_by_label("Logarithmic axis").check()
    wait_until_page(page, lambda: "log=1" in page.url and "curve=learning_rate" in page.url)
    page.get_by_label("Machine").check()
    expect(page.locator("#loss .ytitle")).to_have_text("in use, %")
    wait_until_page(page, lambda: "curve=machine" in page.url)
