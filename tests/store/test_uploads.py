"""Files that come from a browser part by part: what the routes answer, what lies on the disk, what is swept."""

import errno
import os
import threading
import time
import zlib
from pathlib import Path
from types import SimpleNamespace

import formats
import pytest
from app_under_test import AppUnderTest, bring, csrf_of

from core.errors import UserError
from core.settings import from_environment
from core.store import PART, crc32, limits, upload_files, uploads
from core.worker.execute import drain
from core.worker.queue import sweep

FROM_PAGE = {"X-Requested-With": "nuwa"}


def begin(nuwa, name, size, joins=None):
    headers = FROM_PAGE | csrf_of(nuwa.client)
    return nuwa.client.post("/upload", json={"name": name, "size": size, "joins": joins}, headers=headers)


def put(nuwa, id, offset, part, checksum=None):
    headers = FROM_PAGE | {"X-Nuwa-CRC32": checksum or f"{zlib.crc32(part):08x}"}
    return nuwa.client.put(f"/upload/{id}?offset={offset}", data=part, headers=headers)


def finish(nuwa, id, content):
    headers = FROM_PAGE | {"X-Nuwa-CRC32": f"{zlib.crc32(content):08x}"}
    return nuwa.client.post(f"/upload/{id}/finish", headers=headers)


def on_disk(nuwa):
    return sorted(path.name for path in (nuwa.store.root / "uploads").iterdir())


@pytest.fixture
def half(empty_nuwa):
    """The id of an upload of 10 bytes of which 4 are here."""
    id = begin(empty_nuwa, "a.h5ad", 10).json["id"]
    assert put(empty_nuwa, id, 0, b"0123").json == {"offset": 4}
    return id


# --- the way of a file


def test_a_file_in_parts_becomes_a_dataset(empty_nuwa, tiny_file):
    content = tiny_file.read_bytes()
    there = begin(empty_nuwa, "C:\\lab\\mine.h5ad", len(content)).json
    assert (there["name"], there["size"], there["offset"]) == ("mine.h5ad", len(content), 0)
    for offset in range(0, len(content), 50_000):
        answer = put(empty_nuwa, there["id"], offset, content[offset : offset + 50_000])
        assert answer.json == {"offset": min(offset + 50_000, len(content))}
    id = finish(empty_nuwa, there["id"], content).json["dataset"]
    drain(empty_nuwa.store)
    row = empty_nuwa.view.datasets.one(id)
    assert (row["name"], row["status"], row["record"]["cells"]) == ("mine.h5ad", "ready", 240)
    assert on_disk(empty_nuwa) == []


def test_a_second_file_joins_the_chosen_dataset(empty_nuwa, tmp_path):
    both = formats.counts()
    first = bring(empty_nuwa.view, "rna.h5ad", formats.h5ad(both, tmp_path).read_bytes())
    labels = both.obs.to_csv().encode()
    early = begin(empty_nuwa, "labels.csv", len(labels), {"dataset": first, "what": "annotations"})
    assert early.status_code == 404 and "has not been read yet" in early.json["error"]
    drain(empty_nuwa.store)
    there = begin(empty_nuwa, "labels.csv", len(labels), {"dataset": first, "what": "annotations"}).json
    assert (
        begin(empty_nuwa, "labels.csv", len(labels)).json["id"] != there["id"]
    )  # alone, it is another thing
    put(empty_nuwa, there["id"], 0, labels)
    dataset = finish(empty_nuwa, there["id"], labels).json["dataset"]
    drain(empty_nuwa.store)
    assert empty_nuwa.view.datasets.one(dataset)["name"] == "rna.h5ad + labels.csv"
    assert "group" in [
        column["name"] for column in empty_nuwa.view.datasets.one(dataset)["record"]["columns"]
    ]


def test_the_same_file_continues_where_it_stopped(empty_nuwa, half):
    assert begin(empty_nuwa, "a.h5ad", 10).json == {
        "id": half,
        "name": "a.h5ad",
        "size": 10,
        "offset": 4,
        "joins": None,
    }
    assert empty_nuwa.client.get(f"/upload/{half}/checksum").json == {
        "offset": 4,
        "checksum": f"{zlib.crc32(b'0123'):08x}",
    }
    assert [upload["id"] for upload in empty_nuwa.client.get("/upload").json] == [half]
    for name, size in (("b.h5ad", 10), ("a.h5ad", 11)):
        assert begin(empty_nuwa, name, size).json["offset"] == 0
    assert [upload["id"] for upload in empty_nuwa.client.get("/upload").json] == [
        half
    ]  # the others are not begun


def test_an_upload_continues_under_another_server_process(empty_nuwa, half):
    again = AppUnderTest(empty_nuwa.store.root)
    assert begin(again, "a.h5ad", 10).json["offset"] == 4
    assert put(again, half, 4, b"456789").json == {"offset": 10}
    assert finish(again, half, b"0123456789").status_code == 200


@pytest.mark.parametrize("offset", [0, 3, 5, 10])
def test_a_part_at_a_wrong_offset_gets_the_right_one(empty_nuwa, half, offset):
    answer = put(empty_nuwa, half, offset, b"xx")
    assert (answer.status_code, answer.json["offset"]) == (409, 4)
    assert (empty_nuwa.store.root / "uploads" / f"{half}.part").read_bytes() == b"0123"


def test_a_damaged_part_is_not_kept(empty_nuwa, half):
    answer = put(empty_nuwa, half, 4, b"456789", "00000000")
    assert answer.status_code == 422 and "'a.h5ad' was damaged on the way" in answer.json["error"]
    assert put(empty_nuwa, half, 4, b"456789").json == {"offset": 10}


def test_a_file_is_not_read_again_for_its_checksum(empty_nuwa, half, monkeypatch):
    monkeypatch.setattr(crc32, "crc32_of", lambda path: pytest.fail("the file is read"))
    assert put(empty_nuwa, half, 4, b"456").status_code == 200
    assert put(empty_nuwa, half, 7, b"789").status_code == 200
    assert finish(empty_nuwa, half, b"0123456789").status_code == 200


def test_a_file_that_was_changed_meanwhile_is_read_again(empty_nuwa, half):
    assert put(empty_nuwa, half, 4, b"456789").status_code == 200
    part = empty_nuwa.store.root / "uploads" / f"{half}.part"
    part.write_bytes(b"9876543210")
    assert finish(empty_nuwa, half, b"0123456789").status_code == 422


@pytest.mark.parametrize("length", [0, 1, 5000, 8 * 1024**2 + 3])
def test_the_checksum_of_two_pieces_is_that_of_both_together(length):
    first, second = b"some bytes", os.urandom(length)
    assert crc32.joined(zlib.crc32(first), zlib.crc32(second), length) == zlib.crc32(first + second)


def test_a_file_that_is_not_whole_or_not_the_same_is_not_read(empty_nuwa, half):
    answer = finish(empty_nuwa, half, b"0123456789")
    assert (answer.status_code, answer.json["offset"]) == (409, 4)
    put(empty_nuwa, half, 4, b"456789")
    answer = finish(empty_nuwa, half, b"0123456780")
    assert answer.status_code == 422 and "send it once more" in answer.json["error"]
    assert begin(empty_nuwa, "a.h5ad", 10).json["offset"] == 0
    assert empty_nuwa.view.datasets.all() == []


def test_finishing_twice_gives_the_same_answer(empty_nuwa, half):
    put(empty_nuwa, half, 4, b"456789")
    first = finish(empty_nuwa, half, b"0123456789").json
    assert finish(empty_nuwa, half, b"0123456789").json == first
    assert [row["id"] for row in empty_nuwa.view.datasets.all()] == [first["dataset"]]
    assert on_disk(empty_nuwa) == [f"{half}.h5ad"]


def test_a_stop_between_moving_a_file_and_queueing_it_loses_nothing(empty_nuwa, half, monkeypatch):
    put(empty_nuwa, half, 4, b"456789")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(
            "core.store.datasets.Datasets.add_upload", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        empty_nuwa.view.uploads.finish(half, zlib.crc32(b"0123456789"))
    assert on_disk(empty_nuwa) == [f"{half}.h5ad", f"{half}.json"]
    assert put(empty_nuwa, half, 10, b"").status_code == 409
    finish(empty_nuwa, half, b"0123456789")
    assert len(empty_nuwa.view.datasets.all()) == 1 and on_disk(empty_nuwa) == [f"{half}.h5ad"]


def test_an_upload_is_deleted_on_request(empty_nuwa, half):
    assert empty_nuwa.client.delete(f"/upload/{half}", headers=FROM_PAGE).status_code == 204
    assert on_disk(empty_nuwa) == []
    for answer in (put(empty_nuwa, half, 4, b"4"), finish(empty_nuwa, half, b"")):
        assert answer.status_code == 404 and "choose the file again" in answer.json["error"]


def test_four_threads_on_one_upload_add_each_byte_once(empty_nuwa):
    content = os.urandom(40_000)
    id = begin(empty_nuwa, "a.h5ad", len(content)).json["id"]

    def send():
        mine, offset = empty_nuwa.store.of("local").uploads, 0
        while offset < len(content):
            part = content[offset : offset + 1000]
            try:
                offset = mine.put(id, offset, part, zlib.crc32(part))
            except uploads.Gap as gap:
                offset = gap.offset

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert empty_nuwa.view.uploads.checksum(id) == (len(content), zlib.crc32(content))


# --- what is refused


@pytest.mark.parametrize(
    "name, size, status, sentence",
    [
        ("notes.pdf", 10, 400, "'notes.pdf' is not a file Nuwa reads: choose one of .h5ad, .h5,"),
        (".h5ad", 10, 400, "'.h5ad' is not a file"),
        ("a.h5ad", 0, 400, "'a.h5ad' is empty (0 bytes)"),
        ("a.h5ad", -1, 400, "'a.h5ad' is empty"),
        ("a.h5ad", "10", 400, "'a.h5ad' is empty"),
        ("a.h5ad", 64_000_000_001, 413, "this server takes 64 GB at most"),
    ],
)
def test_a_file_that_cannot_be_accepted_is_refused_at_the_beginning(bare, name, size, status, sentence):
    answer = begin(bare, name, size)
    assert answer.status_code == status and sentence in answer.json["error"]
    assert on_disk(bare) == []


def test_the_largest_file_is_a_setting(tmp_path):
    nuwa = AppUnderTest(tmp_path / "data")
    nuwa.store.settings = nuwa.store.settings.model_copy(update={"max_upload_gb": 0.001})
    answer = begin(nuwa, "a.h5ad", 1_000_001)
    assert answer.status_code == 413 and "NUWA_MAX_UPLOAD_GB" in answer.json["error"]
    assert begin(nuwa, "a.h5ad", 1_000_000).status_code == 200
    assert from_environment({"NUWA_MAX_UPLOAD_GB": "2.5"}).max_upload_gb == 2.5
    for wrong in ("", "0", "-1", "much", "inf", "nan"):
        with pytest.raises(UserError, match="NUWA_MAX_UPLOAD_GB"):
            from_environment({"NUWA_MAX_UPLOAD_GB": wrong})


def test_a_disk_without_room_is_said_at_the_beginning(empty_nuwa, monkeypatch):
    free = SimpleNamespace(free=int(1e9) + 1000)
    monkeypatch.setattr(limits.shutil, "disk_usage", lambda _: free)
    answer = begin(empty_nuwa, "a.h5ad", 1001)
    assert answer.status_code == 507 and "no room for 'a.h5ad'" in answer.json["error"]
    id = begin(empty_nuwa, "a.h5ad", 900).json["id"]
    answer = begin(empty_nuwa, "b.h5ad", 101)  # the room has been promised to the first
    assert answer.status_code == 507 and "files on their way" in answer.json["error"]
    put(empty_nuwa, id, 0, b"x" * 500)
    free.free -= 500
    assert begin(empty_nuwa, "a.h5ad", 900).json["offset"] == 500
    assert begin(empty_nuwa, "b.h5ad", 100).status_code == 200


def test_room_is_promised_only_while_bytes_come_and_uploads_are_few(empty_nuwa, monkeypatch):
    free = SimpleNamespace(free=int(1e9) + 1000)
    monkeypatch.setattr(limits.shutil, "disk_usage", lambda _: free)
    id = begin(empty_nuwa, "a.h5ad", 900).json["id"]
    assert begin(empty_nuwa, "b.h5ad", 500).status_code == 507
    for path in (empty_nuwa.store.root / "uploads").glob(f"{id}.*"):
        os.utime(path, (time.time() - uploads.PROMISE - 1,) * 2)
    assert begin(empty_nuwa, "b.h5ad", 500).status_code == 200
    put(empty_nuwa, id, 0, b"x")  # it goes on, and so does the promise
    assert begin(empty_nuwa, "c.h5ad", 500).status_code == 507
    free.free = int(9e9)
    monkeypatch.setattr(uploads, "MOST_UNFINISHED", 3)
    assert begin(empty_nuwa, "c.h5ad", 500).status_code == 200
    answer = begin(empty_nuwa, "d.h5ad", 500)
    assert answer.status_code == 400 and "3 of your uploads are not finished" in answer.json["error"]


def test_a_disk_that_fills_up_on_the_way_keeps_what_is_whole(empty_nuwa, half, monkeypatch):
    class Full:
        """A file on a disk with room for two more bytes."""

        def __init__(self, file):
            self.file, self.room = file, 2

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, part):
            if not self.room:
                raise OSError(errno.ENOSPC, "No space left on device")
            self.room -= (n := self.file.write(part[: self.room]))
            return n

        def truncate(self, size):
            return self.file.truncate(size)

    opened = Path.open
    with monkeypatch.context() as patch:
        patch.setattr(
            Path,
            "open",
            lambda p, *a, **k: Full(opened(p, *a, **k)) if p.suffix == ".part" else opened(p, *a, **k),
        )
        answer = put(empty_nuwa, half, 4, b"456789")
    assert answer.status_code == 507 and "disk is full" in answer.json["error"]
    assert put(empty_nuwa, half, 4, b"456789").json == {"offset": 10}


def test_more_bytes_than_announced_or_than_a_part_are_refused(empty_nuwa, half):
    answer = put(empty_nuwa, half, 4, b"4567890")
    assert answer.status_code == 400 and "longer than was said" in answer.json["error"]
    large = begin(empty_nuwa, "large.h5ad", 2 * PART).json["id"]
    assert put(empty_nuwa, large, 0, bytes(PART + 1)).status_code == 413
    assert put(empty_nuwa, large, 0, bytes(PART)).json == {"offset": PART}


def test_an_upload_is_invisible_to_another_person(empty_nuwa, half):
    theirs = empty_nuwa.store.of("somebody").uploads
    assert theirs.unfinished() == []
    for ask in (
        lambda: theirs.put(half, 4, b"4", zlib.crc32(b"4")),
        lambda: theirs.finish(half, 0),
        lambda: theirs.checksum(half),
        lambda: theirs.forget(half),
    ):
        with pytest.raises(UserError, match="no longer exists"):
            ask()
    assert theirs.begin("a.h5ad", 10)["id"] != half
    put(empty_nuwa, half, 4, b"456789")
    finish(empty_nuwa, half, b"0123456789")
    with pytest.raises(UserError, match="no longer exists"):
        theirs.finish(half, zlib.crc32(b"0123456789"))


@pytest.mark.parametrize("id", ["..", "a", "../secret", "%2e%2e%2fsecret", "aaaaaaaaaa", "secret.json"])
def test_an_unknown_id_is_refused(bare, id):
    assert put(bare, id, 0, b"x").status_code in (404, 405)  # 405: another path, which knows no such method
    with pytest.raises(UserError, match="no longer exists"):
        bare.view.uploads.forget(id)


def test_requests_that_the_page_does_not_make_are_refused(empty_nuwa, half):
    client = empty_nuwa.client
    body = {"name": "a.h5ad", "size": 10, "joins": None}
    assert client.post("/upload", json=body).status_code == 403  # no header: a form of another site
    assert client.delete(f"/upload/{half}").status_code == 403
    cross = FROM_PAGE | {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/upload", json=body, headers=cross).status_code == 403
    assert client.post("/upload", data="{}", headers=FROM_PAGE).status_code == 415
    for wrong in ({}, {"name": "a.h5ad"}, [], body | {"joins": ["x"]}, body | {"joins": {"dataset": "x"}}):
        assert client.post("/upload", json=wrong, headers=FROM_PAGE).status_code == 400, wrong
    assert client.put(f"/upload/{half}?offset=4", data=b"4", headers=FROM_PAGE).status_code == 400
    for offset in ("-1", "x", ""):
        assert put(empty_nuwa, half, offset, b"4").status_code == 400


def test_an_upload_needs_the_password(tmp_path):
    nuwa = AppUnderTest(tmp_path / "closed", "correct horse")
    assert begin(nuwa, "a.h5ad", 10).status_code == 401
    nuwa.client.post("/login", data={"password": "correct horse"})
    nuwa.client.get("/")  # the page brings the token of the session
    assert begin(nuwa, "a.h5ad", 10).status_code == 200


# --- what is left behind


def test_an_upload_without_data_for_a_day_is_removed(empty_nuwa, half, monkeypatch):
    now = time.time()
    fresh = begin(empty_nuwa, "fresh.h5ad", 10).json["id"]
    read = bring(empty_nuwa.view, "read.h5ad", b"in the queue")
    monkeypatch.setattr(time, "time", lambda: now + upload_files.DAY - 60)
    sweep(empty_nuwa.store)
    assert len(on_disk(empty_nuwa)) == 5
    at = now + upload_files.DAY - 120  # something came after all
    os.utime(empty_nuwa.store.root / "uploads" / f"{fresh}.part", (at, at))
    monkeypatch.setattr(time, "time", lambda: now + upload_files.DAY + 60)
    sweep(empty_nuwa.store)
    (job,) = empty_nuwa.store.jobs()
    waiting = job["arguments"]["path"].rpartition("/")[2]
    assert job["target"] == read and on_disk(empty_nuwa) == sorted(
        [f"{fresh}.json", f"{fresh}.part", waiting]
    )
    assert put(empty_nuwa, half, 4, b"4").status_code == 404


def test_the_queue_sweeps_at_its_start_and_every_hour(empty_nuwa, monkeypatch):
    from core.worker import queue

    clock, swept = [0.0], []
    work = queue.Queue(empty_nuwa.store.settings)
    monkeypatch.setattr(queue, "sweep", lambda store: swept.append(clock[0]))
    monkeypatch.setattr(queue.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(queue.time, "sleep", lambda _: clock.__setitem__(0, clock[0] + 600))
    monkeypatch.setattr(work, "update", lambda: None)
    monkeypatch.setattr(work, "has_work", lambda: clock[0] < 2.5 * 3600)
    assert work.run() == 0
    assert len(swept) == 3 and swept[0] == 0
    work.store.engine.dispose()
