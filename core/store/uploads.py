"""The uploads of one person: begun, continued part by part, finished or deleted.

A checksum decides whether the bytes that are here are the beginning of the person's file, not the file's name.
"""

import fcntl
import re
import time
import zlib
from contextlib import contextmanager

from core.data import droplet_limits, ending
from core.errors import UserError, is_disk_full
from core.files import write_json
from core.store.crc32 import Checksums, joined
from core.store.limits import NoRoom, free_bytes
from core.store.rows import Missing, new_id
from core.store.schema import jobs
from core.store.upload_files import accepted, read_record, records, remove

PART = 8 * 1024**2  # bytes of one request: few enough to hold in memory, enough for a fast network
MOST_UNFINISHED = 50  # uploads of one person
PROMISE = 600  # seconds without new bytes for which the rest of an upload keeps its room on the disk
CHECKSUMS = Checksums()


class Gap(UserError):
    """A part does not begin where the file ends; `offset` is where the next one has to begin."""

    def __init__(self, offset):
        super().__init__("This part does not follow the bytes that are here.")
        self.offset = offset


class Damaged(UserError):
    """The bytes that arrived are not those that were sent."""


class TooLarge(UserError):
    """The file is larger than this server accepts."""


class Uploads:
    """The uploads of one person."""

    def __init__(self, access, datasets):
        self.database, self.user, self.datasets = access.database, access.user, datasets
        self.limits = access.limits
        self.folder = self.database.root / "uploads"

    def unfinished(self):
        """Uploads of which some bytes are here, the oldest first: {"id", "name", "size", "offset", "joins"} each."""
        return [upload for upload in self._all() if upload["offset"]]

    def _all(self):
        mine = [r for r in records(self.folder) if r["owner"] == self.user and r["here"] is not None]
        return [
            {key: r[key] for key in ("id", "name", "size", "joins")} | {"offset": r["here"]} for r in mine
        ]

    def begin(self, name, size, joins=None):
        """Begin an upload of `size` bytes, or continue that of the same name, size and purpose; a record as in `unfinished`.

        `joins` is None, or (dataset, what) where the file adds to a dataset, for a background followed by its limits on
        droplets, as in Datasets.join. Raises UserError for a file that Nuwa does not read, TooLarge and NoRoom.
        """
        self.database.check()
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
            problem = f"'{name}' has {size / 1e9:,.1f} GB, and this server takes {most:g} GB at most"
            raise TooLarge(
                f"{problem}: put it into the inbox folder, or ask who runs it (NUWA_MAX_UPLOAD_GB)."
            )
        mine = self._all()
        known = [u for u in mine if (u["name"], u["size"], u["joins"]) == (name, size, joins)]
        self._check_room(name, 0 if known else size)
        if known:
            return known[0]
        self.limits.check_storage(self.user, size)
        if len(mine) >= MOST_UNFINISHED:
            raise UserError(
                f"{len(mine)} of your uploads are not finished: finish or delete some on the Data page."
            )
        record = {"id": new_id(), "name": name, "size": size, "owner": self.user, "joins": joins}
        self._part(record["id"]).touch(exist_ok=False)
        write_json(self.folder / f"{record['id']}.json", record)
        return next(u for u in self._all() if u["id"] == record["id"])

    def _check_room(self, name, size):
        """Raise NoRoom where the disk has no room for this file and for the rest of the unfinished ones."""
        since = time.time() - PROMISE
        promised = sum(r["size"] - (r["here"] or 0) for r in records(self.folder) if r["changed"] > since)
        free = free_bytes(self.folder, self.database.settings.min_free_gb)
        if size + promised > max(0, free):
            problem = (
                f"There is no room for '{name}' on this server's disk ({max(0, free) / 1e9:,.1f} GB are free"
            )
            problem += f", {promised / 1e9:,.1f} GB of them for files on their way)" if promised else ")"
            raise NoRoom(f"{problem}: ask who runs it to make some.")

    def put(self, id, offset, part, checksum):
        """Add a part (bytes) that begins at `offset` and has this CRC-32; returns how many bytes are here now.

        Raises Gap where it does not follow the bytes that are here, Damaged for another checksum, NoRoom, Missing.
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
                    if not is_disk_full(error):
                        raise
                    file.truncate(offset)
                    raise NoRoom(f"The server's disk is full, '{record['name']}' waits: make room.") from None
            if before is not None:
                CHECKSUMS.keep(path, joined(before, checksum, len(part)))
            return offset + len(part)

    def checksum(self, id):
        """(number of bytes that are here, their CRC-32): how a file must begin to continue this upload."""
        with self._mine(id) as record:
            return record["here"] or 0, CHECKSUMS.of(self._part(id))

    def finish(self, id, checksum):
        """Queue the reading of a complete file with this CRC-32; returns the dataset's id.

        A second call, after a lost answer, returns the same id. Raises Gap, Damaged, Missing.
        """
        token = f"upload:{id}"
        try:
            with self._mine(id) as record:
                path = self.folder / f"{id}{ending(record['name'])}"
                if record["here"] is not None:  # else it was moved, and a crash came before its job
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
        """Delete an upload and the bytes that are here."""
        with self._mine(id) as record:
            remove(self.folder, record)

    def _part(self, id):
        return self.folder / f"{id}.part"

    @contextmanager
    def _mine(self, id):
        """The record of an upload of this person, as `read_record` has it, locked for one request; raises Missing."""
        self.database.check()
        path = self.folder / f"{id}.json"
        missing = "This upload no longer exists: choose the file again to send it from its beginning."
        if not re.fullmatch(r"[a-z2-9]{10}", str(id)) or not path.is_file():
            raise Missing(missing)
        with path.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():  # finished or deleted while this request waited
                raise Missing(missing)
            record = read_record(path)
            if record["owner"] != self.user:
                raise Missing(missing)
            yield record
