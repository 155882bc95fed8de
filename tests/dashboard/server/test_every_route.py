"""Every route and every callback of the running app, as a stranger and as another member: nobody sees what is not theirs."""

import json
import tarfile

import pytest
from app_under_test import AppUnderTest
from constants import FIXTURES
from people import people, quick_passwords, signed_in

from core.store import Status
from dashboard.app import create_app
from dashboard.server.auth import LOOK, OPEN, OPEN_ENDPOINTS

# What the routes name in their addresses. A route with another name fails here until the walk knows what to put there.
IDS = ("run_id", "dataset_id", "id", "name", "cell", "secret", "form")
SAME_FOR_ALL = {
    "/",
    "/<path:path>",
    "/_dash-layout",
    "/_dash-dependencies",
    "/_reload-hash",
    "/_favicon.ico",
    "/upload",
    "/glossary",
    "/assets/<path:filename>",
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
}
CANARY = "canary"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The data folder of an earlier version, whose rows "local" owns, with accounts: ada is the first administrator.

    `secrets` are texts that only she may see.
    """
    folder = tmp_path_factory.mktemp("lab")
    with tarfile.open(FIXTURES / "store_0_1_0.tar.gz") as packed:
        packed.extractall(folder, filter="data")
    with quick_passwords():
        nuwa = AppUnderTest(folder / "data", accounts=True)
        nuwa.app = create_app(nuwa.store)  # no press begins work here
        people(nuwa.store)
        run = next(row for row in nuwa.store.rows("run") if row["name"] == "first")
        nuwa.dataset, nuwa.preparation, nuwa.run = run["dataset"], run["preparation"], run["id"]
        nuwa.store.set("dataset", nuwa.dataset, name=f"{CANARY} dataset")
        nuwa.store.set("run", nuwa.run, name=f"{CANARY} run")
        dataset = nuwa.store.dataset_folder(nuwa.dataset)
        genes, cells = dataset.genes()["names"], list(dataset.cells())
        nuwa.secrets = [CANARY, str(genes[0]), str(genes[-1]), str(cells[0]), str(cells[-1])]
        nuwa.ada = signed_in(nuwa, "ada")
        nuwa.jobs = [job["id"] for job in nuwa.store.jobs()]
        yield nuwa
        nuwa.store.engine.dispose()


def addresses(lab):
    """[(rule, method, address)] of every rule of the url map, with ada's ids in it."""
    values = {
        "run_id": lab.run,
        "dataset_id": lab.dataset,
        "id": lab.dataset,
        "cell": 1,
        "secret": "x",
        "form": "gif",
    }
    rows = []
    for rule in lab.app.server.url_map.iter_rules():
        filled = values | {"name": "latent.csv"} if "run_id" in rule.arguments else values
        if rule.rule in SAME_FOR_ALL or rule.rule in OPEN or rule.endpoint in OPEN_ENDPOINTS:
            arguments = dict.fromkeys(rule.arguments, "x") | {
                k: v for k, v in values.items() if k in rule.arguments
            }
        else:
            assert set(rule.arguments) <= set(IDS), f"{rule.rule}: say in IDS what belongs there"
            arguments = {name: filled[name] for name in rule.arguments}
        with lab.app.server.test_request_context():
            address = lab.app.server.url_map.bind("localhost").build(rule.endpoint, arguments)
        rows += [
            (rule.rule, method, address) for method in rule.methods & {"GET", "POST", "PUT", "DELETE", "HEAD"}
        ]
    return rows


def names_a_secret(lab, answer):
    text = answer.get_data().decode(errors="replace")
    return [secret for secret in lab.secrets if secret in text]


def owned(store):
    """What ada has: rows and jobs, as they stand; the demo datasets are everybody's."""
    rows = {kind: store.rows(kind) for kind in ("dataset", "preparation", "run")}
    rows = {
        kind: [row for row in of_kind if row["visibility"] == "private"] for kind, of_kind in rows.items()
    }
    ids = {row["id"] for of_kind in rows.values() for row in of_kind}
    return rows | {"jobs": [job for job in store.jobs() if job["target"] in ids]}


def test_every_route_refuses_a_stranger(lab):
    stranger, seen = lab.app.server.test_client(), set()
    for rule, method, address in addresses(lab):
        seen.add(rule)
        if address in OPEN or address in LOOK or rule.startswith("/welcome"):
            continue
        answer = stranger.open(address, method=method)
        assert answer.status_code in (302, 401), (method, address)
        assert answer.status_code == 401 or answer.headers["Location"] == "/login"
        assert not names_a_secret(lab, answer)
    assert {
        "/_dash-update-component",
        "/download/<run_id>/<name>",
        "/cells/<run_id>/points",
        "/admin/audit.csv",
    } <= seen


@pytest.mark.parametrize("login", ["bob", "vic"])
def test_every_route_refuses_another_member(lab, login):
    """With the positive control that the owner gets an answer from the same addresses."""
    before, opened, client = owned(lab.store), set(), signed_in(lab, login)
    for rule, method, address in addresses(lab):
        if rule in ("/logout", "/login", "/_dash-update-component"):
            continue
        answer = client.open(address, method=method, headers={"X-Requested-With": "nuwa"})
        assert answer.status_code < 500, (method, address, answer.text[-300:])
        assert not names_a_secret(lab, answer), (method, address)
        if rule not in SAME_FOR_ALL and rule not in OPEN:
            assert answer.status_code in (400, 403, 404, 405), (method, address, answer.status_code)
            if method == "GET" and lab.ada.get(address).status_code == 200:
                opened.add(rule)
    assert owned(lab.store) == before
    assert {"/download/<run_id>/<name>", "/download/dataset/<dataset_id>.h5ad", "/admin/audit.csv"} <= opened


def bodies(lab, spec):
    """Requests of a callback in which every value names something of ada's."""
    for number in (0, 1):
        yield _body(lab, spec, number)


def _value(lab, part, number):
    """What ada's page would send for an input or a state, by its name; ids wherever it might be one."""
    id = part["id"] if isinstance(part["id"], str) else json.dumps(part["id"])
    if part["property"] == "n_clicks" or "tick" in id or part["property"] == "n_intervals":
        return 1
    if part["property"] == "pathname":
        return ("/clusters", "/data")[number]
    if part["property"] == "search":
        return (f"?run={lab.run}", f"?dataset={lab.dataset}")[number]
    if id == "context":
        rows = {"dataset": lab.dataset, "preparation": lab.preparation, "run": lab.run}
        return rows | {"done": {}}
    if "job" in id:
        return lab.jobs[number]
    if "prepar" in id:
        return lab.preparation
    if "dataset" in id or "data" in id.split("-"):
        return lab.dataset
    return (lab.run, lab.dataset)[number]


def _body(lab, spec, number):
    def fill(part):
        if part["id"].startswith("{"):
            pattern = json.loads(part["id"])
            wild = {
                k: (lab.run if number == 0 else lab.dataset) if v in (["ALL"], ["MATCH"]) else v
                for k, v in pattern.items()
            }
            own = {
                "id": wild,
                "property": part["property"],
                "value": _value(lab, {**part, "id": wild}, number),
            }
            return [own] if '"ALL"' in part["id"] else own
        return {**part, "value": _value(lab, part, number)}

    inputs, state = [fill(p) for p in spec["inputs"]], [fill(p) for p in spec["state"]]
    names = spec["output"].strip(".").split("...") if ".." in spec["output"] else [spec["output"]]
    outputs = []
    for name in names:
        id, _, of = name.partition("@")[0].rpartition(".")
        if id.startswith("{"):
            id = {k: lab.run if v in (["ALL"], ["MATCH"]) else v for k, v in json.loads(id).items()}
        outputs.append({"id": id, "property": of})
    first = (inputs[0] if isinstance(inputs[0], dict) else inputs[0][0]) if inputs else None
    id = first and (
        json.dumps(first["id"], separators=(",", ":"), sort_keys=True)
        if isinstance(first["id"], dict)
        else first["id"]
    )
    body = {
        "output": spec["output"],
        "outputs": outputs if ".." in spec["output"] else outputs[0],
        "inputs": inputs,
    }
    return body | {"state": state, "changedPropIds": [f"{id}.{first['property']}"] if first else []}


def callbacks(lab):
    specs = lab.ada.get("/_dash-dependencies").json
    return [spec for spec in specs if not spec["clientside_function"]]


def test_every_callback_refuses_a_stranger(lab):
    stranger = lab.app.server.test_client()
    specs = callbacks(lab)
    assert len(specs) > 120
    for spec in specs:
        answer = stranger.post("/_dash-update-component", json=_body(lab, spec, 0))
        assert answer.status_code == 401 and not names_a_secret(lab, answer), spec["output"]


@pytest.mark.parametrize("login", ["bob", pytest.param("vic", marks=pytest.mark.slow)])
def test_every_callback_refuses_another_member(lab, login):
    """Whatever ids of ada's a member sends: no answer has her texts, and nothing of hers changes."""
    before, client = owned(lab.store), signed_in(lab, login)
    for spec in callbacks(lab):
        for body in bodies(lab, spec):
            answer = client.post("/_dash-update-component", json=body)
            if (
                answer.status_code == 401
            ):  # one callback has ended the session: that counts for none of the others
                client = signed_in(lab, login)
                answer = client.post("/_dash-update-component", json=body)
            assert not names_a_secret(lab, answer), (spec["output"], answer.text[:500])
    assert owned(lab.store) == before
    hers = {lab.run, lab.dataset, lab.preparation}
    theirs = [job for job in lab.store.jobs() if job["owner"] == login and job["target"] in hers]
    assert not theirs, [job["kind"] for job in theirs]


def test_the_same_callbacks_answer_their_owner(lab):
    """The walk can fail: what it sends brings ada's texts to ada."""
    showing = 0
    for spec in callbacks(lab):
        if "content.children" in spec["output"] or "sidebar" in spec["output"]:
            for body in bodies(lab, spec):
                showing += bool(names_a_secret(lab, lab.ada.post("/_dash-update-component", json=body)))
    assert showing >= 2


def test_what_is_shared_is_seen_and_not_changed(lab):
    view = lab.store.of("local")
    view.sharing.set("run", lab.run, "private", ["bob"])
    try:
        bob, vic = signed_in(lab, "bob"), signed_in(lab, "vic")
        assert bob.get(f"/download/{lab.run}/latent.csv").status_code == 200
        assert vic.get(f"/download/{lab.run}/latent.csv").status_code == 404
        with pytest.raises(ValueError, match="only its owner"):
            lab.store.of("bob").removals.remove([lab.run])
        view.sharing.set("run", lab.run, "shared")
        assert vic.get(f"/download/{lab.run}/latent.csv").status_code == 200
        answer = vic.get(f"/download/dataset/{lab.dataset}.h5ad")
        assert answer.status_code == 404 and "may not download counts" in answer.text
        assert lab.store.row("run", lab.run)["status"] == Status.DONE
    finally:
        view.sharing.set("run", lab.run, "private")
