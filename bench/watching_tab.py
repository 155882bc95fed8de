"""A browser's tab of the Train page, without a browser: it asks a server for what the page asks for."""

import gzip
import json
import time
import urllib.request

TICK = 1.0  # seconds between two looks: dashboard.pages.train.page.POLL


class Tab:
    """A browser's tab of the Train page: it polls, and draws what changed, by the callbacks that the page has.

    It also asks for the jobs at the bottom of every page, and for the frames of the film as assets/95-film.js does.
    """

    # Inputs: of the look at the store, of all that draws, of what draws when the status changes, and of every page.
    POLLED, TICKED, STAGED, FRAMED = "poll.n_intervals", "tick.data", "stage.data", "sidebar-tick.n_intervals"

    def __init__(self, base, row):
        run = row["id"]
        self.base, self.run, self.received, self.of_film, self.looks, self.failure = base, run, 0, 0, 0, None
        self.frames, self.anchored, self.axes, self.next_film = [], 0, 0, 0.0  # of the film
        self.values = {
            "run.data": run,
            "theme.data": "light",
            "loss-part.value": "total",
            "smoothing.value": 0.6,
        }
        context = {"dataset": row["dataset"], "preparation": row["preparation"], "run": run, "done": {}}
        self.values |= {"film-by.value": "sets", "url.pathname": "/train", "context.data": context}
        specs = json.loads(self._get("/_dash-dependencies"))
        here = [spec for spec in specs if not spec["clientside_function"] and not spec.get("background")]
        self.poll = next(spec for spec in here if self.POLLED in _inputs(spec))
        self.drawing = [spec for spec in here if self.TICKED in _inputs(spec)]
        self.staged = [spec for spec in here if self.STAGED in _inputs(spec)]
        self.frame = next(spec for spec in here if self.FRAMED in _inputs(spec))
        if len(self.drawing) != 3 or len(self.staged) != 1:
            raise RuntimeError("The page draws by other callbacks than this benchmark knows.")

    def watch(self, over):
        try:
            while not over.is_set():
                start = time.monotonic()
                if "tick" in self._press(self.poll):
                    for spec in self.drawing:
                        self._press(spec)
                    stage = self.values["tick.data"][:3]
                    if stage != self.values.get("stage.data"):
                        self.values["stage.data"] = stage
                        for spec in self.staged:
                            self._press(spec)
                    self._ask_for_frames()
                if self.looks % 2 == 0:  # every two seconds
                    self._press(self.frame)
                self.looks += 1
                over.wait(max(0.0, TICK - (time.monotonic() - start)))
        except Exception as error:  # reported by the thread that waits for the tabs
            self.failure = repr(error)

    def _ask_for_frames(self):
        if time.monotonic() < self.next_film:
            return
        grows = self.frames and len(self.frames) < 2 * self.anchored
        query = f"?since={self.frames[-1]}&axes={self.axes}" if grows else ""
        before = self.received
        content = self._get(f"/film/{self.run}/frames{query}")
        self.of_film += self.received - before
        head = json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])
        if grows and head["axes"] == self.axes:
            self.frames += head["epochs"]
        else:
            self.frames, self.axes, self.anchored = head["epochs"], head["axes"], len(head["epochs"])
        self.next_film = time.monotonic() + max(2.0, len(content) / 10_000)

    def _press(self, spec):
        """Call a callback with the values of the tab, and keep what it answers; returns the ids that changed."""
        parts = [
            [{**part, "value": self.values.get(f"{part['id']}.{part['property']}")} for part in spec[kind]]
            for kind in ("inputs", "state")
        ]
        outputs = [dict(zip(("id", "property"), _name(o), strict=True)) for o in _outputs(spec)]
        body = {"output": spec["output"], "outputs": outputs if ".." in spec["output"] else outputs[0]}
        body |= {
            "inputs": parts[0],
            "state": parts[1],
            "changedPropIds": [f"{parts[0][0]['id']}.{parts[0][0]['property']}"],
        }
        answer = self._get("/_dash-update-component", json.dumps(body).encode())
        response = json.loads(answer)["response"] if answer else {}
        for id, properties in response.items():
            for name, value in properties.items():
                if name != "figure":
                    self.values[f"{id.partition('@')[0]}.{name}"] = value
        return [id.partition("@")[0] for id in response]

    def _get(self, path, body=None):
        headers = {"Accept-Encoding": "gzip", "Content-Type": "application/json"}
        request = urllib.request.Request(self.base + path, body, headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            content = response.read()
            self.received += len(content) + len(str(response.headers))
            return gzip.decompress(content) if response.headers["Content-Encoding"] == "gzip" else content


def _outputs(spec):
    return spec["output"].strip(".").split("...") if ".." in spec["output"] else [spec["output"]]


def _name(output):
    """(id, property) of an output, with what tells duplicates apart left out."""
    return output.partition("@")[0].rsplit(".", 1)


def _inputs(spec):
    return [f"{part['id']}.{part['property']}" for part in spec["inputs"]]
