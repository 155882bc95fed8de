"""Uploads under way: of each a file that grows part by part, and a record beside it that says whose it is and what.

The length of the part file is how far an upload is; nothing else keeps count, so nothing can disagree with it after
a crash. Whether what lies there is the beginning of the person's file is asked of its checksum, not of its name.
"""

import errno
import fcntl
import re
import shutil
import time
import zlib
from contextlib import contextmanager
from pathlib import Path

from core.data import ENDINGS, droplet_limits, ending, unreadable
from core.errors import UserError
from core.files import read_json, write_json
from core.store.crc32 import Checksums, joined
from core.store.database import Missing, new_id
from core.store.schema import jobs

PART = 8 * 1024**2  # bytes that come at once: few enough to hold in memory, enough to fill a fast line
SPARE = 1024**3  # bytes of the disk that uploads leave free, for the store and for what is at work
DAY = 24 * 3600
CHECKSUMS = Checksums()


class Gap(UserError):
    """A part does not begin where the file ends; `offset` is where the next one has to."""

    def __init__(self, offset):
        super().__init__("This part does not follow on what is here.")
        self.offset = offset


class Damaged(UserError):
    """What arrived is not what was sent."""


class TooLarge(UserError):
    """The file is larger than this server takes."""


class NoRoom(UserError):
    """The disk of the server would be full."""


class Uploads:
    """The uploads of one person."""

    def __init__(self, access, datasets):
        self.database, self.user, self.datasets = access.database, access.user, datasets
        self.folder = self.database.root / "uploads"

    def unfinished(self):
        """Those half way up, the oldest first: {"id", "name", "size", "offset", "joins"} each."""
        return [shown for shown in self._all() if shown["offset"]]

    def _all(self):
        mine = [r for r in records(self.folder) if r["owner"] == self.user and r["here"] is not None]
        return [
            {key: r[key] for key in ("id", "name", "size", "joins")} | {"offset": r["here"]} for r in mine
        ]

    def begin(self, name, size, joins=None):
        """Begin an upload of `size` bytes, or find the one of the same name, size and purpose; as in `unfinished`.

        `joins` is None, or (dataset, what) where the file adds to a dataset, and for a background its
        limits on droplets behind them, as in Datasets.join. Raises UserError
        for a file that cannot be read here, TooLarge and NoRoom.
        """
        name = accepted(name)
        joins = list(joins) if joins else None
        if joins:
            of, what, *droplets = joins
            self.datasets.first_of_two(of, what)
            droplet_limits(*droplets or (None,))
        if type(size) is not int or size < 1:
            raise UserError(f"'{name}' is empty (0 bytes): copy it again.")
        most = self.database.settings.max_upload_gb
        if size > most * 1e9:
            words = f"'{name}' has {size / 1e9:,.1f} GB, and this server takes {most:g} GB at most"
            raise TooLarge(f"{words}: put it into the inbox folder, or ask who runs it (NUWA_MAX_UPLOAD_GB).")
        known = [u for u in self._all() if (u["name"], u["size"], u["joins"]) == (name, size, joins)]
        self._check_room(name, 0 if known else size)
        if known:
            return known[0]
        record = {"id": new_id(), "name": name, "size": size, "owner": self.user, "joins": joins}
        self._part(record["id"]).touch(exist_ok=False)
        write_json(self.folder / f"{record['id']}.json", record)
        return next(u for u in self._all() if u["id"] == record["id"])

    def _check_room(self, name, size):
        """Room for this file, and for what those under way have been promised."""
        promised = sum(r["size"] - (r["here"] or 0) for r in records(self.folder))
        free = shutil.disk_usage(self.folder).free - SPARE
        if size + promised > max(0, free):
            words = (
                f"There is no room for '{name}' on this server's disk ({max(0, free) / 1e9:,.1f} GB are free"
            )
            words += f", {promised / 1e9:,.1f} GB of them for files on their way)" if promised else ")"
            raise NoRoom(f"{words}: ask who runs it to make some.")

    def put(self, id, offset, part, checksum):
        """Add a part (bytes) that begins at `offset` and has this CRC-32; returns how many bytes are here now.

        Raises Gap where it does not follow on what is here, Damaged for another checksum, NoRoom, Missing.
        """
        with self._mine(id) as record:
            if offset != record["here"]:
                raise Gap(record["here"] or 0)
            if zlib.crc32(part) != checksum:
                raise Damaged(f"A part of '{record['name']}' was damaged on the way: send it again.")
            if offset + len(part) > record["size"]:
                raise UserError(f"'{record['name']}' is longer than was said at its beginning.")
            path = self._part(id)
            before = CHECKSUMS.known(path)
            with path.open("ab", buffering=0) as file:
                rest = memoryview(part)
                try:
                    while rest:
                        rest = rest[file.write(rest) :]
                except OSError as error:
                    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                        raise
                    file.truncate(offset)
                    raise NoRoom(f"The server's disk is full, '{record['name']}' waits: make room.") from None
            if before is not None:
                CHECKSUMS.keep(path, joined(before, checksum, len(part)))
            return offset + len(part)

    def checksum(self, id):
        """(bytes that are here, their CRC-32): what a file must begin with to be the one that is half way up."""
        with self._mine(id) as record:
            return record["here"] or 0, CHECKSUMS.of(self._part(id))

    def finish(self, id, checksum):
        """Take a file that is here whole, with this CRC-32, for reading; returns the dataset's id.

        Asked once more, because the answer was lost, it says the same again. Raises Gap, Damaged, Missing.
        """
        token = f"upload:{id}"
        try:
            with self._mine(id) as record:
                path = self.folder / f"{id}{ending(record['name'])}"
                if (
                    record["here"] is not None
                ):  # else it was moved, and something broke before its job was there
                    self._check_whole(record, checksum)
                    self._part(id).rename(path)
                    CHECKSUMS.forget(self._part(id))
                if record["joins"]:
                    of, what, *droplets = record["joins"]
                    target = self.datasets.join(of, what, token, record["name"], path, *droplets)
                else:
                    target = self.datasets.add_upload(record["name"], path, token)
                (self.folder / f"{id}.json").unlink()
                return target
        except Missing:
            known = self.database.jobs(jobs.c.token == token, jobs.c.owner == self.user)
            if not known:
                raise
            return known[0]["target"]

    def _check_whole(self, record, checksum):
        if record["here"] != record["size"]:
            raise Gap(record["here"])
        if CHECKSUMS.of(self._part(record["id"])) != checksum:
            self._part(record["id"]).write_bytes(b"")
            raise Damaged(f"'{record['name']}' was changed on its way here: send it once more.")

    def forget(self, id):
        """Throw away what is here of an upload."""
        with self._mine(id) as record:
            remove(self.folder, record)

    def _part(self, id):
        return self.folder / f"{id}.part"

    @contextmanager
    def _mine(self, id):
        """The record of an upload of this person, with the bytes that are "here", held for one hand; or Missing."""
        path = self.folder / f"{id}.json"
        words = "This upload no longer exists: choose the file again to send it from its beginning."
        if not re.fullmatch(r"[a-z2-9]{10}", str(id)) or not path.is_file():
            raise Missing(words)
        with path.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():  # finished or thrown away while this one waited
                raise Missing(words)
            record = read_record(path)
            if record["owner"] != self.user:
                raise Missing(words)
            yield record


def accepted(name):
    """The name of a file without the folders before it; raises UserError where Nuwa reads no such files."""
    name = Path(str(name).replace("\\", "/")).name
    if sentence := unreadable(name):
        raise UserError(sentence)
    if not ending(name) or ending(name) == name.lower():
        raise UserError(f"'{name}' is not a file Nuwa reads: choose one of {', '.join(ENDINGS)}.")
    return name


def files_of(root, arguments):
    """The uploaded files among those of the ReadArguments of a job."""
    return [path for path in map(Path, arguments.files) if path.parent == Path(root) / "uploads"]


def read_record(path):
    """A record, with the bytes that are "here" (None once its file was moved)."""
    part = path.with_suffix(".part")
    return read_json(path) | {"here": part.stat().st_size if part.exists() else None}


def records(folder):
    """The records of everybody's uploads, the oldest first."""
    found = []
    for path in folder.glob("[!.]*.json"):
        try:
            found.append((path.stat().st_mtime, read_record(path)))
        except FileNotFoundError:  # finished at this moment
            continue
    return [record for _, record in sorted(found, key=lambda pair: pair[0])]


def remove(folder, record):
    """Remove what an upload has left: its part, a file that was moved and never read, its record."""
    for end in (".part", ending(record["name"]), ".json"):
        (folder / f"{record['id']}{end}").unlink(missing_ok=True)


def sweep(store):
    """Remove the uploads that received nothing for a day."""
    folder = store.root / "uploads"
    for record in records(folder):
        path = folder / f"{record['id']}.json"
        part = path.with_suffix(".part")
        try:
            touched = max(p.stat().st_mtime for p in (path, part) if p.exists())
        except (FileNotFoundError, ValueError):  # finished at this moment
            continue
        if time.time() - touched < DAY:
            continue
        if store.jobs(jobs.c.token == f"upload:{record['id']}"):  # handed over; only its record stayed
            path.unlink(missing_ok=True)
        else:
            remove(folder, record)
