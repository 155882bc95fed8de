"""Callbacks, uploads and addresses with whatever a member may send: no traceback, no text of somebody else, a number for failures."""

import json
import tarfile
from collections import Counter

import pytest
from app_under_test import AppUnderTest
from constants import FIXTURES
from hypothesis import HealthCheck, given, seed
from hypothesis import settings as examples
from hypothesis import strategies as st
from people import people, quick_passwords, signed_in

from dashboard.app import create_app

pytestmark = pytest.mark.slow

EXAMPLES = examples(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
NUMBERS = st.integers() | st.floats(allow_nan=False) | st.sampled_from([2**63, -1, 10**30, 1e308])


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    with tarfile.open(FIXTURES / "store_0_1_0.tar.gz") as packed:
        packed.extractall(folder, filter="data")
    with quick_passwords():
        nuwa = AppUnderTest(folder / "data", accounts=True)
        nuwa.app = create_app(nuwa.store)
        nuwa.app.server.config["PROPAGATE_EXCEPTIONS"] = False
        people(nuwa.store)
        run = next(row for row in nuwa.store.rows("run") if row["name"] == "first")
        nuwa.store.set("run", run["id"], name="canary run")
        nuwa.store.set("dataset", run["dataset"], name="canary dataset")
        nuwa.ids = [
            run["id"],
            run["dataset"],
            run["preparation"],
            *(job["id"] for job in nuwa.store.jobs()[:5]),
        ]
        ada = signed_in(nuwa, "ada")
        nuwa.specs = [s for s in ada.get("/_dash-dependencies").json if not s["clientside_function"]]
        yield nuwa


def values(lab):
    """JSON of any type, ids of somebody else among it."""
    texts = st.sampled_from([*lab.ids, "", "x", "../../secret", "\0", "ALL", "=1+1", "local"]) | st.text(
        max_size=20
    )
    plain = st.none() | st.booleans() | NUMBERS | texts
    return st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=6,
    )


class Watched:
    """A member's client that signs in again where a callback has ended its session, and looks at every answer."""

    def __init__(self, lab, caplog):
        self.lab, self.caplog, self.client, self.codes = lab, caplog, signed_in(lab, "bob"), Counter()

    def send(self, method, address, **more):
        answer = self.client.open(address, method=method, **more)
        if answer.status_code == 401:
            self.client = signed_in(self.lab, "bob")
            answer = self.client.open(address, method=method, **more)
        text = answer.get_data().decode(errors="replace")
        assert "Traceback" not in text and "canary" not in text
        if answer.status_code >= 500:
            number = text.rpartition("number ")[2].rstrip(".")
            assert len(number) == 8 and number in self.caplog.text, text[:300]
        self.codes[answer.status_code] += 1
        self.caplog.clear()
        return answer


def fill(data, spec, value):
    """A request of a callback whose values are drawn, and sometimes its ids and shapes, too."""

    def part(one):
        id = json.loads(one["id"]) if one["id"].startswith("{") else one["id"]
        if isinstance(id, dict):
            id = {k: data.draw(value) if v in (["ALL"], ["MATCH"]) else v for k, v in id.items()}
        filled = {"id": id, "property": one["property"], "value": data.draw(value)}
        return [filled] if '"ALL"' in one["id"] else filled

    names = spec["output"].strip(".").split("...") if ".." in spec["output"] else [spec["output"]]
    outputs = [dict(zip(("id", "property"), n.partition("@")[0].rsplit(".", 1), strict=True)) for n in names]
    inputs = [part(one) for one in spec["inputs"]]
    first = inputs[0][0] if inputs and isinstance(inputs[0], list) else inputs[0] if inputs else None
    changed = (
        [f"{first['id'] if isinstance(first['id'], str) else json.dumps(first['id'])}.{first['property']}"]
        if first
        else []
    )
    body = {"output": spec["output"], "outputs": outputs if ".." in spec["output"] else outputs[0]}
    return body | {"inputs": inputs, "state": [part(one) for one in spec["state"]], "changedPropIds": changed}


def test_forged_values_of_callbacks(lab, caplog):
    watched, value = Watched(lab, caplog), values(lab)
    before = [
        row
        for kind in ("dataset", "run")
        for row in lab.store.rows(kind)
        if row["visibility"] == "private" and row["owner"] == "local"
    ]

    @seed(0)
    @EXAMPLES
    @given(st.data())
    def holds(data):
        spec = data.draw(st.sampled_from(lab.specs))
        watched.send("POST", "/_dash-update-component", json=fill(data, spec, value))

    holds()
    after = [
        row
        for kind in ("dataset", "run")
        for row in lab.store.rows(kind)
        if row["visibility"] == "private" and row["owner"] == "local"
    ]
    assert before == after and watched.codes[200] + watched.codes[204] > 20, watched.codes


def test_forged_bodies_of_callbacks(lab, caplog):
    watched, value = Watched(lab, caplog), values(lab)
    odd = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"output": ' * 1000,
        b"1" * 10_000,
        b'{"inputs": {"a": 1}}',
    ]

    @seed(0)
    @EXAMPLES
    @given(st.sampled_from(odd) | value.map(lambda one: json.dumps(one).encode()))
    def holds(body):
        watched.send("POST", "/_dash-update-component", data=body, content_type="application/json")

    holds()
    big = b'{"output": "' + b"x" * 33 * 1024**2 + b'"}'
    assert (
        watched.send("POST", "/_dash-update-component", data=big, content_type="application/json").status_code
        == 413
    )


def test_forged_uploads_and_addresses(lab, caplog):
    watched, value = Watched(lab, caplog), values(lab)
    texts = st.sampled_from([*lab.ids, "..", "%2e%2e", "a\0b"]) | st.text(
        st.characters(exclude_characters="/?#%\\"), min_size=1, max_size=20
    )

    @seed(0)
    @EXAMPLES
    @given(
        st.fixed_dictionaries({}, optional={"name": value, "size": value, "joins": value}) | value,
        texts,
        texts,
        texts,
    )
    def holds(body, one, two, query):
        headers = {"X-Requested-With": "nuwa"}
        watched.send("POST", "/upload", json=body, headers=headers)
        watched.send("PUT", f"/upload/{one}", query_string={"offset": query}, data=b"x", headers=headers)
        for address in (
            f"/download/{one}/{two}",
            f"/cells/{one}/colour",
            f"/welcome/{one}",
            f"/{one}",
            f"/assets/{two}",
        ):
            watched.send(
                "GET",
                address,
                query_string={"by": query, "resolution": query, "person": query, "since": query},
            )

    holds()
