"""Requests that no page sends: each is answered with a sentence and a status below 500, never with a traceback."""

import json

import pytest

HUGE = 10**400
POLYGON = [0, 0, 1, 1, 0, 1]


def query(**selection):
    return "selection?select=" + json.dumps(selection)


@pytest.mark.parametrize("resolution", ["nan", "inf", "-1", "1e308", "30", "abc"])
@pytest.mark.parametrize("route", ["/cells/{}/colour", "/cells/{}/cell/1", "/download/{}/panels.csv"])
def test_a_resolution_that_was_not_computed_is_not_there(finished, route, resolution):
    answer = finished.client.get(f"{route.format(finished.run)}?resolution={resolution}")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        *(
            query(by="clusters", **{"is": ["0"]}, resolution=value)
            for value in (None, [], {}, 1e308, "x", HUGE)
        ),
        query(**{"in": "latent", "polygon": [HUGE, *POLYGON[1:]]}),
        query(**{"in": "nowhere", "polygon": POLYGON}),
        query(by="clusters", **{"from": HUGE}),
        "selection?select=[",
        "cell/99999999999999999999",
        "layer/1?space=x",
    ],
)
def test_an_odd_address_of_cells_is_not_found(finished, address):
    answer = finished.client.get(f"/cells/{finished.run}/{address}")
    assert answer.status_code == 404 and "Traceback" not in answer.text


@pytest.mark.parametrize("name", ["NOPE", "dash/NOPE", "dash/../../etc/passwd"])
def test_files_that_dash_does_not_have_are_not_found(finished, name):
    assert finished.client.get(f"/_dash-component-suites/{name}").status_code in (
        200,
        404,
    )  # 200: the page itself


@pytest.mark.parametrize(
    "upload",
    [
        {"name": "x.h5ad", "size": HUGE, "joins": None},
        {"name": "x.h5ad", "size": -1, "joins": None},
        {"name": "x.h5ad", "size": "5", "joins": None},
        {"name": "x" * 9999 + ".h5ad", "size": 5, "joins": None},
        {"name": "a\0b.h5ad", "size": 5, "joins": None},
        {"name": "x.h5ad", "size": 5, "joins": {"dataset": 1, "what": "y", "droplets": "text"}},
        {"name": "x.h5ad", "size": 5, "joins": "text"},
        [],
        "x",
    ],
)
def test_an_odd_upload_is_refused(finished, upload):
    answer = finished.client.post("/upload", json=upload, headers={"X-Requested-With": "nuwa"})
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("offset", ["9" * 5000, "-1", "x", "²", ""])
def test_an_odd_offset_is_refused(finished, offset):
    headers = {"X-Requested-With": "nuwa", "X-Nuwa-CRC32": "00000000"}
    answer = finished.client.put("/upload/abc", query_string={"offset": offset}, data=b"", headers=headers)
    assert answer.status_code == 400
