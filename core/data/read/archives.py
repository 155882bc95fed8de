"""Unpack a .zip, .tar or .gz into a folder, after looking through it: nothing leaves that folder or fills the disk."""

import gzip
import lzma
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from core.errors import UserError
from core.text import size

MOST_MEMBERS = 100_000  # a zarr folder of a million cells has some ten thousand
MOST_RATIO = 200  # text tables of counts shrink 10- to 60-fold; a bomb a thousandfold
ALWAYS = 64 * 1024**2  # bytes that may be unpacked whatever the ratio
SPARE = 512 * 1024**2  # bytes of the disk that stay free
BLOCK = 1 << 20
GZIP_MAGIC, ZIP_MAGIC = b"\x1f\x8b", b"PK\3\4"
GZ = re.compile(r"\.gz$", re.IGNORECASE)
TAR = re.compile(r"\.(tar|tgz|tar\.gz)$", re.IGNORECASE)
DAMAGED = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
    *(EOFError, OSError, RuntimeError, ValueError),
)


class Member(NamedTuple):
    """A file in an archive: where it goes, and what opens it."""

    path: PurePosixPath
    handle: object


def unpack(path: Path, folder: Path, name: str, packed: int | None = None) -> None:
    """The files of the archive at `path`, written into `folder`; macOS's `._` files and `__MACOSX` are left out.

    Its first bytes say which kind it is, whatever its name. `name` is what the person calls the archive; `packed` are
    the bytes of the outermost archive where this one lay in another.

    Raises UserError, before anything is written, for members that lead out of the folder, links, devices,
    passwords, and for more members or bytes than an archive of this size can mean.
    """
    limit = _limit(packed or path.stat().st_size, folder)
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                _write(_of_zip(archive, name, limit), archive.open, folder, limit, name)
        elif tarfile.is_tarfile(path):
            # Twice through: a tar has no table of contents, and nothing is written before all of it was seen.
            with tarfile.open(path) as archive:
                members = _of_tar(archive, folder, name, limit)
                _write(members, archive.extractfile, folder, limit, name)
        elif is_gzip(path) and not is_tar(path.name):
            inner = PurePosixPath(GZ.sub("", path.name) or "file")
            with gzip.open(path) as file:
                _write([Member(inner, file)], lambda handle: handle, folder, limit, name)
        else:
            raise tarfile.ReadError("neither a zip nor a tar")
    except DAMAGED as error:
        if isinstance(error, (UserError, PermissionError)):
            raise
        raise UserError(
            f"'{name}' is a damaged archive or was not copied to its end: copy it again."
        ) from error


def allowed(packed: int) -> int:
    """The bytes that a file of `packed` bytes may unpack to."""
    return max(ALWAYS, MOST_RATIO * packed)


def check_values(total: int, packed: int, name: str) -> None:
    """Raises UserError where a file or store of `packed` bytes declares values of more bytes than is `allowed`."""
    if total > allowed(packed):
        raise UserError(
            f"'{name}' is {size(packed)} but unpacks to {size(total)} of values, more than its size allows: save it"
            " again without compression, or with a sparse matrix."
        )


def number_bytes(n_values: int, dtype) -> int:
    """The bytes of some values for that comparison: a number counts as 4 at most, as in wider ones only more zeros are."""
    return n_values * (min(dtype.itemsize, 4) if dtype.kind in "buif" else dtype.itemsize)


def is_gzip(path: Path) -> bool:
    """Is this file packed by gzip? Its first bytes say so: browsers unpack a .gz on the way and keep its name."""
    with path.open("rb") as file:
        return file.read(2) == GZIP_MAGIC


def is_zip(path: Path) -> bool:
    """Is this file, by its first bytes, a zip archive?"""
    with path.open("rb") as file:
        return file.read(4) == ZIP_MAGIC


def is_tar(name: str) -> bool:
    """Is this the name of a tar, packed or not?"""
    return bool(TAR.search(name))


def plain_bytes(path: Path, name: str) -> int:
    """The bytes of a file, or of what a .gz unpacks to; raises UserError where those are more than its size can mean."""
    return check_gzip(path, name) if is_gzip(path) else path.stat().st_size


def open_plain(path: Path, *mode, **options):
    """The file opened, unpacked where it is packed by gzip."""
    return (gzip.open if is_gzip(path) else open)(path, *mode, **options)


def check_gzip(path: Path, name: str) -> int:
    """The bytes that a .gz unpacks to; raises UserError where they are more than is `allowed`.

    It is unpacked to that point and thrown away: what a gzip says of its size is not believed, and unpacking is quick
    beside reading numbers from the text.
    """
    total, limit = 0, allowed(path.stat().st_size)
    with gzip.open(path) as file:
        while block := file.read(BLOCK):
            total += len(block)
            _check_size(total, name, limit)
    return total


def _limit(packed: int, folder: Path) -> int:
    return min(allowed(packed), max(0, shutil.disk_usage(folder).free - SPARE))


def _of_zip(archive, name, limit) -> list[Member]:
    members, total = [], 0
    entries = archive.infolist()
    _check_number(len(entries), name)
    for entry in entries:
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise UserError(f"'{name}' holds a link ('{_short(entry.filename)}'): pack the files themselves.")
        if entry.flag_bits & 1:
            raise UserError(f"'{name}' is locked with a password: pack it again without one.")
        total += entry.file_size
        _check_size(total, name, limit)
        path = _inside(entry.filename, name)
        if path and not entry.is_dir():
            members.append(Member(path, entry))
    return members


def _of_tar(archive, folder, name, limit) -> list[Member]:
    """The files of a tar that tarfile's own "data" filter lets into `folder`; links are refused even inside it."""
    members, total = [], 0
    for number, entry in enumerate(archive, start=1):
        _check_number(number, name)
        if entry.issym() or entry.islnk():
            raise UserError(f"'{name}' holds a link ('{_short(entry.name)}'): pack the files themselves.")
        path = _inside(entry.name, name)
        try:
            tarfile.data_filter(entry, folder)
            special = entry.issparse()
        except tarfile.SpecialFileError:
            special = True
        except tarfile.FilterError:
            raise _leads_away(entry.name, name) from None
        if special:
            raise UserError(f"'{name}' holds something that is no plain file ('{_short(entry.name)}').")
        total += entry.size
        _check_size(total, name, limit)
        if path and entry.isreg():
            members.append(Member(path, entry))
    return members


def _check_number(number, name):
    if number > MOST_MEMBERS:
        raise UserError(f"'{name}' holds more than {MOST_MEMBERS:,} files: pack only those of one dataset.")


def _check_size(total, name, limit):
    if total > limit:
        raise UserError(
            f"'{name}' would unpack to more than {limit / 1e9:,.1f} GB, more than its size or this disk allows:"
            " unpack it yourself."
        )


def _inside(member, name) -> PurePosixPath | None:
    """Where a member goes, None where it is of no use; raises UserError where it leads out of the folder."""
    path = PurePosixPath(member.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in member or "\0" in member:
        raise _leads_away(member, name)
    if "__MACOSX" in path.parts or path.name.startswith("._") or path.name == ".DS_Store":
        return None
    return path


def _leads_away(member, name) -> UserError:
    return UserError(f"'{name}' holds a file that would be written elsewhere ('{_short(member)}').")


def _short(member):
    return "".join(c if c.isprintable() else "?" for c in member)[-60:]


def _write(members, open_member, folder, limit, name):
    """Each member as a plain file; what an archive says of its sizes is not believed, but counted."""
    total = 0
    for member in members:
        target = folder / member.path
        target.parent.mkdir(parents=True, exist_ok=True)
        with open_member(member.handle) as source, target.open("xb") as file:
            while block := source.read(BLOCK):
                total += len(block)
                _check_size(total, name, limit)
                file.write(block)
