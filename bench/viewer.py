"""make bench-viewer: seconds until 7,000, 100,000 and 1,000,000 cells are drawn, beside plain scattergl.

Each size gets a store with one run (`bench.cells`), its own server and a headless Chromium that draws in software.
In turns, so that a slower machine affects both, it measures the Clusters page (one panel, the latent UMAP)
and a bare page on which plotly's scattergl draws the same bytes, one trace per cluster for the legend:

- first picture: from the click on the link to the first panel (read back, so that nothing is queued);
- recolour: the same from choosing a gene that the browser does not have yet;
- two colours: the same with two panels of the same map, each with its own colour, labels on them, and the metadata open;
- filter: from a filter of two columns to the counts of all columns of the tab of metadata, as the page measures it: the
  first one, which reads the columns, and the median of three others;
- processor seconds of browser and server for both, which other work on the machine affects less;
- pan: processor time of the page's main thread for each frame while the mouse drags;
- memory of the server, and its private part (mapped files count in the first alone).
"""

import argparse
import datetime
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from core import settings as environment

THREADS = environment.limit_threads()

import psutil  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from bench.cells import grown  # noqa: E402
from core.settings import Settings  # noqa: E402
from core.store import Store  # noqa: E402

SIZES = (7_000, 100_000, 1_000_000)
GENES = ("GENE-003", "GENE-011", "GENE-020", "GENE-031", "GENE-042")
FRAMES = 20
FILTERS = (
    ("groups-12", "group 03", "number-0"),
    ("groups-5", "group 01", "number-3"),
    ("groups-2", "group 01", "number-5"),
)
FILTERS += (("groups-24", "group 07", "number-1"),)
FILTER_TARGET = 0.3  # seconds, for a million cells and 20 columns
LONG = 300_000  # milliseconds
ARGUMENTS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]

SETTLED = """async () => {
    const plot = document.querySelector("#panels .js-plotly-plot"), large = window.nuwaViewer?.shown;
    if (large) nuwaViewer.all.panels[0].canvas.getContext("2d").getImageData(5, 5, 1, 1);
    else for (const c of plot.querySelectorAll("canvas")) {
        const gl = c.getContext("webgl"); if (gl) gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    }
}"""
# The picture shows what is asked for: drawn by us, or by plotly.
SHOWS = """(by) => {
    const v = window.nuwaViewer, plot = document.querySelector("#panels .js-plotly-plot");
    if (v?.shown) return (v.all.host.dataset.first || "").includes(encodeURIComponent(by));
    const name = by.split(":")[1] || "0";
    return !!plot?._fullData?.some(t => t.name === name) && !plot.closest("[hidden]");
}"""
# As SHOWS, in the last of all panels.
SHOWS_LAST = """(by) => {
    const v = window.nuwaViewer, plot = document.querySelector("#panels .js-plotly-plot");
    if (v?.shown) return (v.all.host.dataset.drawn || "") !== "" && v.all.panels.at(-1).spec.colour.includes(encodeURIComponent(by));
    return !!plot?._fullData?.some(t => t.name === by.split(":")[1]) && !plot.closest("[hidden]");
}"""
# Counts of all columns are there for the filter that was set.
COUNTED = """(filter) => window.nuwaMetadata.card?.host.dataset.counted === JSON.stringify(filter)"""
PLAIN = """async ([base, run, by]) => {
    const read = async url => {
        const buffer = await (await fetch(url)).arrayBuffer(), n = new DataView(buffer).getUint32(0, true);
        return [JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, n))), buffer, 4 + n];
    };
    const asked = new URLSearchParams({ by, resolution: 1, theme: "light" });
    const [[, p, at], [c, b, from]] = await Promise.all([
        read(`/cells/${run}/points?space=latent_umap&v=plain`), read(`/cells/${run}/colour?${asked}`)]);
    const codes = new Uint8Array(b, from, c.n), xy = new Uint16Array(p, at, 2 * c.n), traces = [];
    let plot = document.getElementById("plain");
    if (!plot) {
        plot = document.createElement("div"); plot.id = "plain"; plot.style.cssText = "width:800px;height:400px";
        document.body.replaceChildren(plot);
    }
    const groups = by === "clusters" ? c.palette.length : 1;
    for (let g = 0; g < groups; g++) {
        const x = [], y = [], color = [];
        for (let i = 0; i < c.n; i++) if (groups === 1 || codes[i] === g) {
            x.push(xy[2 * i]); y.push(xy[2 * i + 1]); if (groups === 1) color.push(codes[i]);
        }
        traces.push({ type: "scattergl", mode: "markers", x: Float32Array.from(x), y: Float32Array.from(y), name: `${g}`,
            marker: { size: 2, color: groups === 1 ? color : c.palette[g], colorscale: "Viridis" } });
    }
    await Plotly.react(plot, traces, { dragmode: "pan", showlegend: false, margin: { l: 0, r: 0, t: 0, b: 0 } });
    for (const canvas of plot.querySelectorAll("canvas")) {
        const gl = canvas.getContext("webgl");
        if (gl) gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    }
}"""


class Served:
    """A server process over a folder."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("NUWA_")}
        env = clean | {"NUWA_DATA_DIR": str(folder), "NUWA_PORT": str(port)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dashboard"], env=env, stderr=subprocess.DEVNULL
        )
        self.base = f"http://127.0.0.1:{port}"
        while True:
            try:
                urllib.request.urlopen(f"{self.base}/health").close()
                break
            except OSError:
                time.sleep(0.1)
        self._wait_for_the_worker()

    def _wait_for_the_worker(self):
        """Its start (libraries, compiled code) is not measured here."""
        quiet = 0
        while quiet < 3:
            before = sum(map(cpu, self.family()[1:]))
            time.sleep(2)
            quiet = quiet + 1 if sum(map(cpu, self.family()[1:])) - before < 0.2 else 0

    def family(self):
        """The server's process, then the worker's."""
        return [self.process_of(), *self.process_of().children(recursive=True)]

    def process_of(self):
        return psutil.Process(self.process.pid)

    def memory(self):
        """(all, private) MB."""
        used = self.process_of().memory_full_info()
        return used.rss / 1e6, used.uss / 1e6

    def close(self):
        for member in self.family():
            member.kill()
        self.process.wait()


def cpu(process):
    """Processor seconds of one process so far."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def spent():
    """Processor seconds that server and browser have used so far, without the worker."""
    ours = psutil.Process().children(recursive=True)
    return sum(cpu(process) for process in ours if not is_worker(process))


def is_worker(process):
    try:
        return "core.worker" in process.cmdline()
    except psutil.Error:
        return False


def timed(work):
    """(seconds, processor seconds) of a piece of work."""
    start, before = time.perf_counter(), spent()
    work()
    return time.perf_counter() - start, spent() - before


def middle(pairs):
    """The median of each column."""
    return tuple(statistics.median(column) for column in zip(*pairs, strict=True))


def ours(page, base, run):
    """{"first", "recolour": (seconds, processor seconds), "pan": ms} of the Clusters page, opened from the Train page."""
    page.goto(f"{base}/train?run={run}")
    link = page.locator("a.nuwa-step[href^='/clusters']")
    link.wait_for()
    page.wait_for_timeout(1500)  # until the page is quiet
    with page.expect_response(lambda r: "sidebar-activity" in (r.request.post_data or "")):
        pass  # the frame's refresh of every two seconds would delay the click by a round trip if they met

    def see(by, act):
        act()
        page.wait_for_function(SHOWS, arg=by, timeout=LONG)
        page.evaluate(SETTLED)

    def choose(gene):
        page.evaluate("by => dash_clientside.set_props('colour', { value: by })", gene)

    timings = {"first": timed(lambda: see("clusters", link.click))}
    page.wait_for_timeout(1000)
    page.evaluate("dash_clientside.set_props('panel-count', { value: 1 })")
    page.wait_for_timeout(3000)
    genes = [f"gene:{gene}" for gene in GENES]
    see(genes[0], lambda: choose(genes[0]))  # from clusters to numbers
    timings["recolour"] = middle([timed(lambda: see(gene, lambda: choose(gene))) for gene in genes[1:4]])  # noqa: B023
    large = page.evaluate("!!window.nuwaViewer?.shown")
    box = page.locator(".nuwa-cells-panel .frame" if large else "#panels .nsewdrag").first
    box.scroll_into_view_if_needed()
    timings["pan"] = panned(page, box.bounding_box())
    timings["by"] = "canvas" if large else "plotly"
    timings["filters"] = filtered(page)
    timings["two"] = coloured(page, genes[4], "protein:ADT-01")
    return timings


def filtered(page):
    """Seconds from each of FILTERS to the counts of all columns of the metadata, all of them open."""
    folds = page.locator("#metadata-host .fold[aria-expanded=false]")
    for _ in range(folds.count()):
        folds.first.click()
    page.wait_for_function(COUNTED, arg=None, timeout=LONG)
    seconds = []
    for column, category, number in FILTERS:
        records = [
            {"by": f"obs:{column}", "is": [category]},
            {"by": f"obs:{number}", "from": 0.02, "to": 0.08},
        ]
        page.evaluate("data => dash_clientside.set_props('filter', { data })", records)
        page.wait_for_function(COUNTED, arg=records, timeout=LONG)
        seconds.append(page.evaluate("window.nuwaMetadata.card.took / 1000"))
    page.evaluate("dash_clientside.set_props('filter', { data: null })")
    page.wait_for_function(COUNTED, arg=None, timeout=LONG)
    return seconds


def coloured(page, gene, protein):
    """(seconds, processor seconds) of recolouring one of two panels of the same map, with labels and the metadata open."""
    for id, value in (
        ("panel-count", 2),
        ("panel-2", "latent_umap"),
        ("panels-labels", True),
        ("colours-linked", False),
        ("panel-colour-2", "obs:groups-16"),
    ):
        page.evaluate("([id, value]) => dash_clientside.set_props(id, { value })", [id, value])
    page.wait_for_timeout(3000)

    def recolour(by):
        page.evaluate("by => dash_clientside.set_props('panel-colour-2', { value: by })", by)
        page.wait_for_function(SHOWS_LAST, arg=by, timeout=LONG)
        page.evaluate(SETTLED)

    return middle([timed(lambda: recolour(gene)), timed(lambda: recolour(protein))])


def plain(page, base, run):
    """The same of scattergl on a page of its own."""
    page.goto(f"{base}/health")
    page.add_script_tag(url="/_dash-component-suites/plotly/package_data/plotly.min.js")
    timings = {"first": timed(lambda: page.evaluate(PLAIN, [base, run, "clusters"]))}
    page.evaluate(PLAIN, [base, run, f"gene:{GENES[0]}"])
    timings["recolour"] = middle(
        [timed(lambda: page.evaluate(PLAIN, [base, run, f"gene:{gene}"])) for gene in GENES[1:4]]  # noqa: B023
    )
    timings["pan"] = panned(page, page.locator("#plain .nsewdrag").bounding_box())
    return timings


def panned(page, box):
    """Milliseconds of the main thread's processor time per frame while the mouse drags."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy():
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "TaskDuration")

    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 3, y + 3)
    frame = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    page.evaluate(frame)
    before = busy()
    for k in range(FRAMES):
        page.mouse.move(x + 3 + 2 * k, y + 3 + k)
        page.evaluate(frame)
    spent = busy() - before
    page.mouse.up()
    session.detach()
    return 1000 * spent / FRAMES


def measure(n_cells, repeats, folder):
    """(rows of ours, rows of scattergl, (all, private) MB of the server)."""
    place = Path(folder) / str(n_cells)
    store = Store(Settings(data_dir=place, inline=True))
    run = grown(store, n_cells)
    store.engine.dispose()
    server, timings = Served(place), {"ours": [], "plain": []}
    try:
        with sync_playwright() as play:
            path = shutil.which("chromium") or shutil.which("google-chrome")
            browser = play.chromium.launch(executable_path=path, args=ARGUMENTS)
            for _ in range(repeats):
                for kind, work in (("ours", ours), ("plain", plain)):
                    context = browser.new_context(viewport={"width": 1440, "height": 1000})
                    context.set_default_timeout(LONG)
                    timings[kind].append(work(context.new_page(), server.base, run))
                    context.close()
            browser.close()
        return timings["ours"], timings["plain"], server.memory()
    finally:
        server.close()
        shutil.rmtree(place)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, nargs="+", default=SIZES)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    load, late = os.getloadavg()[0], False
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {datetime.date.today()}, load at the start {load:.1f}"
    )
    print(
        "| cells | drawn by | first picture, s (processor) | recolour by a gene, s (processor) "
        "| two colours and labels, s (processor) | filter over all columns, s: first, others "
        "| main thread a pan frame, ms | server, MB (private) |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="nuwa-bench-") as folder:
        for n_cells in options.cells:
            mine, theirs, memory = measure(n_cells, options.repeats, folder)
            for name, rows, last in (
                (f"Nuwa ({mine[0]['by']})", mine, f"{memory[0]:,.0f} ({memory[1]:,.0f})"),
                ("plain scattergl", theirs, "-"),
            ):
                first, recolour = (middle([row[key] for row in rows]) for key in ("first", "recolour"))
                pan = statistics.median(row["pan"] for row in rows)
                two, counted = "-", "-"
                if "two" in rows[0]:
                    two = "{:.2f} ({:.2f})".format(*middle([row["two"] for row in rows]))
                    first_filter = statistics.median(row["filters"][0] for row in rows)
                    others = statistics.median(t for row in rows for t in row["filters"][1:])
                    counted = f"{first_filter:.2f}, {others:.2f}"
                    late |= others >= FILTER_TARGET
                print(
                    f"| {n_cells:,} | {name} | {first[0]:.2f} ({first[1]:.2f}) | {recolour[0]:.2f} ({recolour[1]:.2f}) "
                    f"| {two} | {counted} | {pan:.1f} | {last} |",
                    flush=True,
                )
    if late:
        print(f"A filter took {FILTER_TARGET} s or longer.")
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
