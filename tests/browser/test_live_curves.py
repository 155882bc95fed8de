"""The Train page in a real Chromium while runs train: curves in two tabs, the film, and a tab that nobody sees.

The test writes epochs and frames in place of two trainings, so that it knows what each page must show.
"""

import time

import numpy as np
import pytest
from browsing import see_traces, traces, wait_until_page
from playwright.sync_api import expect
from store_rows import EPOCH

from core.config import RunConfig
from core.store import Status
from core.store.film import FilmFile

pytestmark = [pytest.mark.browser, pytest.mark.slow]

N_EPOCHS, CELLS, LATENT = 40, 200, 3


class Writer:
    """A run at work, without a worker."""

    def __init__(self, server, preparation, trained):
        row = server.view.runs.one(trained)
        self.store, self.n = server.store, 0
        self.run = server.store.add(
            "run",
            "local",
            dataset=row["dataset"],
            preparation=preparation,
            name="written",
            config=RunConfig(epochs=N_EPOCHS, n_latent=LATENT).model_dump(),
            status=Status.RUNNING,
            phase="training",
            explored="",
            started=time.time(),
            facts=row["facts"] | {"training_since": time.time()},
            n_epochs=N_EPOCHS,
        )
        self.address = f"{server.base}/train?run={self.run}"

    def train(self, n):
        """Add epochs, as a worker does."""
        for _ in range(n):
            self.n += 1
            losses = {"valid_loss": 0.4 + 1 / self.n, "segment": 1}
            self.store.add_epoch(self.run, EPOCH | losses | {"epoch": self.n})
            self.store.set("run", self.run, best_epoch=self.n)

    def end(self):
        self.store.move("run", self.run, Status.RUNNING, Status.CANCELLED, message="Stopped.", ended=1.0)


@pytest.fixture
def writers(server, tiny_preparation, tiny_run):
    both = [Writer(server, tiny_preparation, tiny_run) for _ in range(2)]
    yield both
    for one in both:
        server.store.forget("run", one.run)


def shows(page, n):
    """Wait until the page shows so many epochs, in the curve and in its words."""
    see_traces(page, "loss", lambda drawn: [t[2] for t in drawn if t[0] == "validation"] == [n])
    expect(page.locator("#status")).to_contain_text(f"epoch {n} of {N_EPOCHS}")


def test_the_curves_of_two_runs_grow_in_two_tabs_and_after_a_reload(page, context, writers):
    first, second = writers
    first.train(5)
    second.train(3)
    page.goto(first.address)
    other = context.new_page()
    try:
        other.goto(second.address)
        shows(page, 5)
        shows(other, 3)
        expect(page.locator("#train-next")).not_to_contain_text("No epoch yet")
        first.train(3)
        second.train(7)
        shows(page, 8)
        shows(other, 10)
        page.reload()
        shows(page, 8)
        first.train(12)  # beyond the axes of five epochs
        shows(page, 20)
        names = [name for name, *_ in traces(page, "loss")]
        assert names.count("validation") == 1 and f"best epoch ({first.n})" in names
        second.end()
        expect(other.locator("#status")).to_contain_text("Cancelled. Stopped.")
        first.train(1)
        shows(page, 21)  # the end of one run is not that of the other
    finally:
        other.close()


def test_the_film_of_a_run_at_work_grows_and_is_played(page, server, writers):
    run, random = writers[0], np.random.default_rng(0)
    film = FilmFile(server.store.run_folder(run.run))
    film.begin(np.arange(CELLS), np.arange(CELLS) % 5 == 0, LATENT, 20)

    def train(n):
        for epoch in range(run.n + 1, run.n + n + 1):
            film.add(epoch, random.normal(size=(CELLS, LATENT)))
            run.train(1)

    train(3)
    page.goto(run.address)
    canvas, slider = page.locator("#film canvas"), page.locator("#film-slider")
    expect(canvas).to_have_attribute("data-epoch", "3")
    expect(page.locator("#film-size")).to_contain_text("200 cells, 40 of them validation cells, at 3 epochs.")
    train(2)
    expect(canvas).to_have_attribute("data-epoch", "5")  # it follows where the last frame is shown
    slider.evaluate("one => { one.value = 0; one.dispatchEvent(new Event('input')); }")
    expect(canvas).to_have_attribute("data-epoch", "1")
    train(1)
    wait_until_page(page, lambda: slider.get_attribute("max") == "5")
    assert canvas.get_attribute("data-epoch") == "1"  # and stays where a person looks at another
    page.get_by_role("button", name="Play film").click()
    expect(canvas).to_have_attribute("data-epoch", "6")
    run.end()
    expect(page.locator("#status")).to_contain_text("Cancelled")
    expect(canvas).to_have_attribute("data-epoch", "6")
    page.get_by_role("button", name="Play film").click()  # afterwards from its beginning
    wait_until_page(page, lambda: float(slider.input_value()) < 5)
    expect(canvas).to_have_attribute("data-epoch", "6")


def test_a_tab_that_nobody_sees_asks_less_often(page, writers):
    run = writers[0]
    run.train(2)
    page.goto(run.address)
    shows(page, 2)

    def see(hidden):
        page.evaluate(
            """hidden => {
                Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
                document.dispatchEvent(new Event("visibilitychange"));
            }""",
            hidden,
        )
        script = "['poll', 'sidebar-tick'].map(id => dash_component_api.getLayout(id).props.interval)"
        return page.evaluate(script)

    assert see(True) == [10_000, 10_000]
    assert see(True) == [10_000, 10_000]
    assert see(False) == [1000, 2000]
    run.train(1)
    shows(page, 3)
