"""Refresh the screenshots in docs/img from today's pages: `make pictures`, with a Chromium on the PATH. About two minutes.

The simulated dataset goes from the Welcome page to its clusters on its own server, in the light theme, 1440 pixels wide.
Every picture waits for what it shows.
"""

import io
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from playwright.sync_api import sync_playwright  # noqa: E402  after the path
from serving import serving  # noqa: E402

from core.config import RunConfig  # noqa: E402
from core.settings import Settings  # noqa: E402
from core.store import Explored, Status, Store  # noqa: E402

OUT, WIDTH, HEIGHT = ROOT / "docs" / "img", 1440, 900
HALF = 0.4  # of its epochs: when the training is photographed
PATIENCE = 300  # seconds
COLOURS = 256  # of a picture
QUIET = (1100, 20)  # where the mouse opens nothing: in the header
WEBGL = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
# Whether every plot of the page has data, nothing waits, and the fonts are there.
COMPLETE = """() => document.fonts.status === "loaded"
    && ![...document.querySelectorAll("[data-dash-is-loading=true], .nuwa-tab-waiting")].some(e => e.getClientRects().length)
    && [...document.querySelectorAll(".js-plotly-plot")].filter(p => p.getClientRects().length)
        .every(p => p._fullData?.length || p._fullLayout?.annotations?.length)"""


def main():
    with tempfile.TemporaryDirectory() as folder, serving() as serve, sync_playwright() as player:
        base = serve(Path(folder))
        store = Store(Settings(port=int(base.rpartition(":")[2]), data_dir=Path(folder), inline=False))
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = player.chromium.launch(executable_path=chromium, args=WEBGL)
        page = browser.new_context(color_scheme="light", reduced_motion="reduce").new_page()
        page.set_default_timeout(1000 * PATIENCE)
        take(Camera(page, base), store)
        browser.close()
        store.engine.dispose()
    n_bytes = sum(path.stat().st_size for path in OUT.glob("*.png"))
    print(f"{len(list(OUT.glob('*.png')))} pictures, {n_bytes / 1e6:.1f} MB")


def take(camera, store):
    """Take the screenshots, in the order of the tutorial."""
    view = store.of("local")
    camera.go("/")
    camera.shot("welcome", 820)
    dataset = until(lambda: next(ready(view.datasets.all(), origin="demo:simulated"), None))["id"]
    preparation, _ = view.preparations.create(dataset, {}, "pictures-prepare")
    camera.go(f"/data?dataset={dataset}")
    camera.shot("data", 930)
    until(lambda: view.preparations.one(preparation)["status"] == Status.READY)
    camera.go(f"/preprocess?preparation={preparation}")
    camera.shot("preprocess", 1000)
    camera.go(f"/model?preparation={preparation}")
    camera.see("#model-numbers", "Weights")
    camera.shot("model", 1315)
    run = view.runs.create(preparation, RunConfig(target="whole").model_dump(), "the first model")
    view.runs.train(run)
    camera.go(f"/train?run={run}")
    epochs = until(lambda: view.runs.one(run)["n_epochs"])
    until(lambda: len(store.epochs(run)) > HALF * epochs)
    camera.shot("training", 1085)
    until(lambda: view.runs.one(run)["explored"] == Explored.READY)
    camera.go(f"/train?run={run}")
    camera.see("#status", "Training complete")
    camera.shot("trained", 1235)
    clusters(camera, view, run)


def clusters(camera, view, run):
    """The maps, a selection beside the metadata, and two cards of the panel."""
    page = camera.page
    camera.go(f"/clusters?run={run}&labels=1")
    camera.shot("clusters", HEIGHT)
    gene = view.datasets.folder(view.runs.one(run)["dataset"]).genes()["names"][6]
    camera.go(
        f"/clusters?run={run}&panels=latent_umap~latent_umap&by=obs:cell_type&colours=gene:{gene}"
        '&filter=[{"not":{"by":"obs:cell_type","is":["type H"]}}]&select={"by":"obs:cell_type","is":["type A"]}'
    )
    page.get_by_text("cells selected", exact=False).first.wait_for()
    camera.shot("metadata", HEIGHT)
    page.set_viewport_size({"width": WIDTH, "height": 2400})  # cards as a whole, in a wide panel
    page.get_by_role("button", name="Widen or narrow panel").click()
    camera.tab("Quality")
    camera.pick("labels", "cell_type")
    camera.see("#labels-result", "ARI")
    camera.card("scores", "Scores")
    camera.tab("Latent dimensions")
    page.locator("#profile-go").click()
    page.locator("#profile-box .js-plotly-plot").wait_for()
    camera.card("profile", "Reconstructed profile")


class Camera:
    """A browser tab and its screenshots."""

    def __init__(self, page, base):
        self.page, self.base = page, base

    def go(self, path):
        """Open a page, and wait until it is complete."""
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        self.page.goto(self.base + path)
        self.page.locator("#content > *").first.wait_for()
        self.complete()

    def complete(self):
        """Wait until nothing on the page changes any more."""
        self.page.wait_for_function(COMPLETE)
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def see(self, place, words):
        """Wait for words in a part of the page."""
        self.page.locator(place, has_text=re.compile(words)).wait_for()

    def tab(self, title):
        """Load the cards of a tab of the Clusters page."""
        self.page.get_by_role("tab", name=title).click()
        self.page.wait_for_function(COMPLETE)

    def pick(self, id, words):
        """Choose an option of a dropdown."""
        self.page.locator(f"#{id}").click()
        self.page.get_by_role("option", name=words, exact=True).first.click()

    def shot(self, name, height):
        """The first `height` pixels of the page."""
        self.page.mouse.move(*QUIET)
        self.page.set_viewport_size({"width": WIDTH, "height": height})
        self.page.wait_for_timeout(500)  # plots follow the size of the page
        self.page.wait_for_function(COMPLETE)
        self.save(name, self.page.screenshot())

    def card(self, name, title):
        """The card with this title."""
        self.page.mouse.move(*QUIET)
        self.page.wait_for_timeout(500)
        self.page.wait_for_function(COMPLETE)
        heading = self.page.get_by_role("heading", name=title, exact=True)
        self.save(name, self.page.locator(".nuwa-card").filter(has=heading).screenshot())

    def save(self, name, content):
        """The same image in COLOURS colours, a third of the bytes; rare ones, as of a legend, stay what they are."""
        from PIL import Image

        image = Image.open(io.BytesIO(content)).convert("RGB")
        image = image.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        image.save(OUT / f"{name}.png", optimize=True)


def ready(rows, **what):
    """The ready rows for which `what` is true."""
    return (r for r in rows if r["status"] == Status.READY and all(r[k] == v for k, v in what.items()))


def until(true):
    """Wait until `true()` holds, and return its value."""
    end = time.monotonic() + PATIENCE
    while not (value := true()):
        if time.monotonic() > end:
            raise TimeoutError("It did not come.")
        time.sleep(0.1)
    return value


if __name__ == "__main__":
    main()
