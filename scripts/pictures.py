"""Refresh the screenshots in docs/img from today's pages: `make pictures`, with a Chromium on the PATH. Two minutes.

The simulated dataset goes from the Data page to its clusters on its own server, in the light theme, 1440 pixels wide.
"""

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

OUT, WIDTH = ROOT / "docs" / "img", 1440
HALF = 0.4  # of its epochs: when the training is photographed
PATIENCE = 300  # seconds
WEBGL = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")


def main():
    with tempfile.TemporaryDirectory() as folder, serving() as serve, sync_playwright() as player:
        base = serve(Path(folder))
        store = Store(
            Settings(
                port=int(base.rpartition(":")[2]),
                data_dir=Path(folder),
                inline=False,
            )
        )
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = player.chromium.launch(executable_path=chromium, args=WEBGL)
        page = browser.new_context(color_scheme="light", reduced_motion="reduce").new_page()
        page.set_default_timeout(1000 * PATIENCE)
        take(Camera(page, base), store)
        browser.close()
        store.engine.dispose()


def take(camera, store):
    """Take the screenshots, in the order of the tutorial."""
    view = store.of("local")
    dataset = until(lambda: next(ready(view.datasets.all(), origin="demo:simulated"), None))["id"]
    camera.go(f"/data?dataset={dataset}")
    camera.shot("data", 930)
    preparation, _ = view.preparations.create(dataset, {}, "pictures-prepare")
    until(lambda: view.preparations.one(preparation)["status"] == Status.READY)
    camera.go(f"/preprocess?preparation={preparation}")
    camera.shot("preprocess", 1000)
    camera.go(f"/model?preparation={preparation}")
    camera.shot("model", 1315)
    run = view.runs.create(preparation, RunConfig().model_dump(), "the first model")
    view.runs.train(run)
    epochs = until(lambda: view.runs.one(run)["n_epochs"])
    camera.go(f"/train?run={run}", wait=0)
    until(lambda: len(store.epochs(run)) > HALF * epochs)
    camera.shot("training", 1085)
    until(lambda: view.runs.one(run)["explored"] == Explored.READY)
    camera.go(f"/train?run={run}")
    camera.shot("trained", 1235)
    camera.go(f"/clusters?run={run}")
    until(lambda: view.results.array(run, "embeddings/input_umap") is not None)
    camera.shot("clusters", 900)
    camera.page.set_viewport_size({"width": WIDTH, "height": 2400})  # cards as a whole, in a wide panel
    camera.page.get_by_role("button", name="Widen or narrow panel").click()
    camera.tab("Quality")
    camera.pick("labels", "cell_type")
    camera.page.get_by_text("test cells", exact=True).wait_for()
    camera.card("scores", "Scores")
    camera.tab("Latent dimensions")
    camera.page.locator("#profile-go").click()
    camera.page.locator("#profile-box").wait_for()
    camera.card("profile", "Reconstructed profile")


class Camera:
    """A browser tab and its screenshots."""

    def __init__(self, page, base):
        self.page, self.base = page, base

    def go(self, path, wait=4000):
        """Open a page; `wait` milliseconds until it is complete."""
        self.page.goto(self.base + path)
        self.page.wait_for_timeout(wait)

    def tab(self, title):
        """Load the cards of a tab of the Clusters page."""
        self.page.get_by_role("tab", name=title).click()
        self.page.wait_for_timeout(3000)

    def pick(self, id, words):
        """Choose an option of a dropdown."""
        self.page.locator(f"#{id}").click()
        self.page.get_by_role("option", name=words, exact=True).first.click()

    def shot(self, name, height):
        """The first `height` pixels of the page."""
        self.page.set_viewport_size({"width": WIDTH, "height": height})
        self.page.wait_for_timeout(1500)
        self.page.screenshot(path=OUT / f"{name}.png")
        small(OUT / f"{name}.png")

    def card(self, name, title):
        """The card with this title."""
        self.page.mouse.move(0, 0)
        self.page.wait_for_timeout(3000)
        heading = self.page.get_by_role("heading", name=title, exact=True)
        self.page.locator(".nuwa-card").filter(has=heading).screenshot(path=OUT / f"{name}.png")
        small(OUT / f"{name}.png")


def small(path):
    """The same image in 256 colours, a third of the bytes."""
    from PIL import Image

    Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def ready(rows, **what):
    """The ready rows for which `what` is true."""
    return (r for r in rows if r["status"] == Status.READY and all(r[k] == v for k, v in what.items()))


def until(true):
    """Wait until `true()` holds, and return its value."""
    end = time.monotonic() + PATIENCE
    while not (found := true()):
        if time.monotonic() > end:
            raise TimeoutError("It did not come.")
        time.sleep(0.1)
    return found


if __name__ == "__main__":
    main()
