"""Backups: written while the store is used, verified to the last bit, restored whole or not at all."""

import os
import sqlite3
import tarfile
from contextlib import closing
from threading import Event, Thread

import pytest
from constants import FIXTURES
from store_rows import flip, furnish

from core import cli
from core.errors import UserError
from core.settings import Settings
from core.store import Store, backup, schema, sqlite_copy


@pytest.fixture
def full(store, sqlite_only):
    """A store with a dataset, a run and an upload on its way."""
    store.ids = furnish(store)
    folder = store.dataset_folder(store.ids["dataset"]).folder
    folder.mkdir()
    (folder / "data.h5ad").write_bytes(os.urandom(300_000))
    (store.root / "secret").write_text("key")
    (store.root / "uploads" / "x.part").write_bytes(b"half")
    (store.root / "cache" / "nothing").write_text("that lasts")
    return store


def write(store, path):
    return backup.write(store.root, store.engine.url.database, path)


def tree(root):
    """{relative path: bytes} of the files of a data folder that a backup has, without the database."""
    paths = [path for folder in backup.FOLDERS for path in (root / folder).rglob("*") if path.is_file()]
    return {str(p.relative_to(root)): p.read_bytes() for p in (*paths, root / "secret")}


def test_a_restored_folder_has_the_same_files_and_rows(full, tmp_path):
    summary = write(full, tmp_path / "b.tar")
    assert summary.n_files == len(tree(full.root)) + 1 and summary.n_bytes > 300_000
    assert (tmp_path / "b.tar").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    assert backup.restore(tmp_path / "b.tar", tmp_path / "new") == summary
    assert tree(tmp_path / "new") == tree(full.root)
    other = Store(Settings(data_dir=tmp_path / "new", inline=True))
    for kind in ("dataset", "preparation", "run"):
        assert other.rows(kind) == full.rows(kind)
    assert other.jobs() == full.jobs() and other.epochs(full.ids["run"]) == full.epochs(full.ids["run"])
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700 and not (
        tmp_path / "new" / backup.RESTORING
    ).exists()
    other.engine.dispose()


def test_a_backup_while_others_write_is_one_moment_of_the_database(full, tmp_path):
    ended = Event()

    def work():
        n = 0
        while not ended.is_set():
            with full.transaction():  # both or neither
                id = full.add(
                    "run", "local", dataset="d", preparation="p", name=str(n), config={}, status="created"
                )
                full.submit("local", "train", "train", id, token=f"train:{id}")
            n += 1

    thread = Thread(target=work)
    thread.start()
    try:
        for i in range(3):
            write(full, tmp_path / f"{i}.tar")
    finally:
        ended.set()
        thread.join()
    for i in range(3):
        backup.restore(tmp_path / f"{i}.tar", tmp_path / str(i))
        with closing(sqlite3.connect(tmp_path / str(i) / "nuwa.sqlite")) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            runs, jobs = (
                {id for (id,) in db.execute(query)}
                for query in (
                    "SELECT id FROM runs WHERE status = 'created'",
                    "SELECT target FROM jobs WHERE status = 'queued'",
                )
            )
        assert runs == jobs


def test_what_is_deleted_while_the_backup_is_written_is_in_neither_part(full, tmp_path, monkeypatch):
    copy = sqlite_copy.copy

    def copy_then_delete(*paths):
        copy(*paths)
        full.forget("run", full.ids["run"])

    monkeypatch.setattr(backup.sqlite_copy, "copy", copy_then_delete)
    write(full, tmp_path / "b.tar")
    backup.restore(tmp_path / "b.tar", tmp_path / "new")
    other = Store(Settings(data_dir=tmp_path / "new", inline=True))
    assert not other.rows("run") and len(other.rows("dataset")) == 1
    other.engine.dispose()


@pytest.mark.parametrize("where", [0.2, 0.5, 0.9, 0.999])
def test_a_changed_byte_is_found_and_nothing_is_restored(full, tmp_path, where):
    path = tmp_path / "b.tar"
    write(full, path)
    content = bytearray(path.read_bytes())
    with tarfile.open(path) as tar:  # a byte of some member, not of the padding between them
        members = [m for m in tar if m.size]
    member = members[int(where * len(members))]
    content[member.offset_data + member.size // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged: nothing was restored"):
        backup.restore(path, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_backup_that_is_cut_off_or_none_at_all_is_refused(full, tmp_path):
    path = tmp_path / "b.tar"
    write(full, path)
    content = path.read_bytes()
    for n in (0, 100, len(content) // 2, len(content) - 20_000):
        path.write_bytes(content[:n])
        with pytest.raises(UserError, match="no backup of Nuwa, or it is damaged"):
            backup.verify(path)
    with pytest.raises(UserError, match="There is no file"):
        backup.verify(tmp_path / "none.tar")


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/x", "runs/../../x", "runs", "datasets\\..\\x", "cache/x", "nuwa.sqlite/x"]
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    path = tmp_path / "b.tar"
    with tarfile.open(path, "w") as tar:
        tar.addfile(backup._member(name, 0))
    with pytest.raises(UserError, match="damaged"):
        backup.restore(path, tmp_path / "new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.tar"]


def test_links_and_devices_are_refused(tmp_path):
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
        with tarfile.open(tmp_path / "b.tar", "w") as tar:
            member = backup._member("runs/x/y", 0)
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member)
        with pytest.raises(UserError, match="damaged"):
            backup.verify(tmp_path / "b.tar")


def test_nothing_is_overwritten(full, tmp_path):
    path = tmp_path / "b.tar"
    write(full, path)
    with pytest.raises(UserError, match="exists already"):
        write(full, path)
    with pytest.raises(UserError, match="may not lie in the data folder"):
        write(full, full.root / "runs" / "b.tar")
    with pytest.raises(UserError, match="is not empty"):
        backup.restore(path, full.root)
    before = tree(full.root)
    assert before == tree(full.root)
    with pytest.raises(UserError, match="There is no folder"):
        write(full, tmp_path / "nowhere" / "b.tar")


def test_a_disk_that_fills_up_leaves_nothing_behind(full, tmp_path, monkeypatch):
    path = tmp_path / "b.tar"
    write(full, path)

    def fill_up(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup.os, "fsync", fill_up)
    with pytest.raises(UserError, match="could not be written to .*No space left"):
        write(full, tmp_path / "c.tar")
    with pytest.raises(UserError, match="could not be restored .*No space left"):
        backup.restore(path, tmp_path / "new")
    assert not (tmp_path / "c.tar").exists() and not any((tmp_path / "new").iterdir())


# --- before an upgrade


@pytest.mark.parametrize("version", range(1, schema.VERSION))
def test_an_upgrade_keeps_the_database_as_it_was(tmp_path, version):
    old = FIXTURES / f"schema_{version}.sqlite"
    (tmp_path / "nuwa.sqlite").write_bytes(old.read_bytes())
    Store(Settings(data_dir=tmp_path, inline=True)).engine.dispose()
    kept = tmp_path / f"nuwa.sqlite.schema-{version}"
    with closing(sqlite3.connect(kept)) as db:
        assert db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone() == (version,)
        assert db.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    content = kept.read_bytes()
    Store(Settings(data_dir=tmp_path, inline=True)).engine.dispose()
    assert kept.read_bytes() == content and len(list(tmp_path.glob("nuwa.sqlite.schema-*"))) == 1


def test_a_database_of_today_is_not_copied(store):
    Store(store.settings).engine.dispose()
    assert not list(store.root.glob("nuwa.sqlite.schema-*"))


# --- the commands


def test_the_commands_write_check_and_restore(full, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NUWA_DATA_DIR", str(full.root))
    path = tmp_path / "b.tar"
    assert cli.main(["backup", str(path)]) == 0 and "all checksums agree" in capsys.readouterr().out
    assert cli.main(["restore", str(path)]) == 2 and "is not empty" in capsys.readouterr().err
    assert cli.main(["restore", "--check", str(path)]) == 0 and "is sound" in capsys.readouterr().out
    monkeypatch.setenv("NUWA_DATA_DIR", str(tmp_path / "new"))
    assert cli.main(["restore", str(path)]) == 0 and tree(tmp_path / "new") == tree(full.root)
    flip(path)
    monkeypatch.setenv("NUWA_DATA_DIR", str(tmp_path / "none"))
    assert cli.main(["backup", str(tmp_path / "c.tar")]) == 2
    assert "no data folder of Nuwa" in capsys.readouterr().err
