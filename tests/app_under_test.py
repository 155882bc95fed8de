"""A whole Nuwa in one process: a store, the app over it and a client that presses its buttons, without a browser."""

import json
import zlib

import plotly
from dash._callback_context import context_value  # private names of the pinned version of Dash
from dash._utils import AttributeDict

from core.config import specs
from core.settings import Settings
from core.store import Store
from core.worker.execute import drain
from dashboard.app import create_app
from dashboard.components import location
from dashboard.pages.clusters import page as clusters
from dashboard.server import csrf


def bring(view, name, content, joins=None):
    """Upload bytes as a browser does, in one part; returns the id of the new dataset."""
    uploads = view.uploads
    id, checksum = uploads.begin(name, len(content), joins)["id"], zlib.crc32(content)
    uploads.put(id, 0, content, checksum)
    return uploads.finish(id, checksum)


class AppUnderTest:
    """A store, the app over it, its client, and the ids of the dataset, preparation and run made by with_run()."""

    _dependencies = None

    def __init__(self, folder, password=None, host="127.0.0.1", data_roots=(), **settings):
        self.store = Store(
            Settings(
                host=host,
                port=8050,
                data_dir=folder,
                password=password,
                inline=True,
                data_roots=data_roots,
                **settings,
            )
        )
        self.view = self.store.of("local")
        self.app = create_app(self.store, drain)
        self.client = self.app.server.test_client()
        self.dataset = self.preparation = self.run = None

    def with_run(self, file, values, preparing=None):
        """One small dataset, preprocessed, and one run trained on it, through the worker's own code."""
        self.dataset = bring(self.view, "tiny.h5ad", file.read_bytes())
        drain(self.store)
        self.preparation, _ = self.view.preparations.create(self.dataset, preparing or {}, "prepare")
        drain(self.store)
        self.run = self.view.runs.create(self.preparation, values, "first")
        self.view.runs.train(self.run)
        drain(self.store)
        self.view.results.embed(self.run, "input_tsne")  # as a page with four panels asks
        drain(self.store)
        return self

    def press(self, output, values, triggered=None):
        """Post a callback as the page does; returns {id: {property: value}}, or None for "nothing changes"."""
        answer = self.post(output, values, triggered)
        return answer and {id.partition("@")[0]: properties for id, properties in answer["response"].items()}

    def post(self, output, values, triggered=None):
        """The whole answer of a callback, or None where nothing changes.

        `values` are by "id.property"; of a pattern such as the settings, by its type, a {name: value} of its parts.
        """
        here = (s for s in self.dependencies() if not s["clientside_function"])
        spec = next(s for s in here if names(s, output) and hears(s, triggered))

        def fill(part):
            if '"ALL"' not in part["id"]:
                key = f"{part['id']}.{part['property']}"
                value = values.get(key, "light" if key == "theme.data" else None)
                id = json.loads(part["id"]) if part["id"].startswith("{") else part["id"]
                return {**part, "id": id, "value": value}
            values_of_type = values[json.loads(part["id"])["type"]]
            own = [{"type": json.loads(part["id"])["type"], "name": name} for name in values_of_type]
            ids = [{"id": id, "property": part["property"]} for id in own]
            if part["property"] == "id":
                return [i | {"value": i["id"]} for i in ids]
            return [i | {"value": v} for i, v in zip(ids, values_of_type.values(), strict=True)]

        inputs, state = ([fill(part) for part in spec[kind]] for kind in ("inputs", "state"))
        outputs = [
            {"id": json.loads(id) if id.startswith("{") else id, "property": of}
            for id, of in (o.partition("@")[0].rsplit(".", 1) for o in outs(spec))
        ]
        body = {"output": spec["output"], "outputs": outputs if ".." in spec["output"] else outputs[0]}
        body |= {"inputs": inputs, "state": state, "changedPropIds": [triggered] if triggered else []}
        answer = self.client.post("/_dash-update-component", json=body, headers=csrf_of(self.client))
        if answer.status_code == 204:
            return None
        assert answer.status_code == 200, answer.text
        return answer.json

    def work(self, name, values, button):
        """Press the button of work that a card watches, and look at it once; returns what the look answers."""
        job = self.press(f"{name}-job.data", values, button)[f"{name}-job"]["data"]
        return self.press(f"{name}-done.data", {f"{name}-job.data": job}, f"{name}-tick.n_intervals")

    def dependencies(self):
        """The callbacks of the app, which stay the same while it lives."""
        if self._dependencies is None:
            self._dependencies = self.client.get("/_dash-dependencies").json
        return self._dependencies

    def background(self, output, *arguments, triggered="none"):
        """Call the function of a background callback in this process; returns (its answer, its progress updates)."""
        key = next(k for k in self.app.callback_map if k.strip(".").split("...")[0].startswith(output))
        function, updates = self.app.callback_map[key]["callback"].__wrapped__, []
        token = context_value.set(AttributeDict(triggered_inputs=[{"prop_id": f"{triggered}.x", "value": 1}]))
        try:
            return function(updates.append, *arguments), updates
        finally:
            context_value.reset(token)


def csrf_of(client):
    """The header with the CSRF token of a test client, as Dash's renderer reads it from the cookie; {} before it has one."""
    tokens = [cookie.value for cookie in getattr(client, "_cookies", {}).values() if "csrf" in cookie.key]
    return {csrf.HEADER: tokens[0]} if tokens else {}


def fields(part, **changed):
    """The values of the settings of a page as its callbacks get them: the defaults of a part, some changed."""
    return {"setting": {spec.name: spec.default for spec in specs(part)} | changed}


def outs(spec):
    return spec["output"].strip(".").split("...") if ".." in spec["output"] else [spec["output"]]


def names(spec, output):
    return any(o.partition("@")[0] == output for o in outs(spec))


def hears(spec, triggered):
    return triggered is None or any(_is(f"{i['id']}.{i['property']}", triggered) for i in spec["inputs"])


def _is(input_id, triggered):
    """Is this the input that was pressed? Of a pattern, any part of its type."""
    if not (input_id.startswith("{") and triggered.startswith("{")):
        return input_id == triggered
    return len({json.loads(one.rpartition(".")[0])["type"] for one in (input_id, triggered)}) == 1


def sent(component):
    """What the browser is sent: JSON, in which NaN is an error."""
    return json.dumps(component, cls=plotly.utils.PlotlyJSONEncoder, allow_nan=False, ensure_ascii=False)


def clusters_page(view, run_id):
    """What the browser is sent of the Clusters page once a person has opened all its tabs."""
    run = view.runs.one(run_id)
    page = sent(clusters.layout(view, location.resolve(view, f"?run={run_id}")))
    return page + "".join(sent(tab.cards(view, run)) for tab in clusters.TABS)
