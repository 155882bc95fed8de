"""Ways to damage a file, each a function of a path and a random generator: bytes, HDF5, text; and malicious archives."""

import gzip
import io
import tarfile
import zipfile

import h5py
import numpy as np
import zarr

BOMB = 70 << 20  # bytes of zeros, more than an archive of some KB may unpack to


# --- bytes: what a broken disk, cable or editor does


def of_bytes(path, dice):
    content = bytearray(path.read_bytes())
    size = max(len(content), 1)
    at = dice.choice(
        [dice.randrange(size), dice.randrange(min(size, 600)), max(0, size - dice.randrange(1, 50))]
    )
    how = dice.choice(["cut", "cut", "flip", "flip", "noise", "zeros", "grow", "hole", "text"])
    length = dice.choice([1, 4, 8, 64, 512])
    if how == "cut":
        content = content[:at]
    elif how == "flip":
        for _ in range(dice.choice([1, 1, 3, 30])):
            content[dice.randrange(size) if dice.random() < 0.5 else at] ^= 1 << dice.randrange(8)
    elif how == "noise":
        content[at : at + length] = dice.randbytes(length)
    elif how == "zeros":
        content[at : at + length] = bytes(length)
    elif how == "grow":
        content[at:at] = dice.randbytes(length)
    elif how == "hole":
        del content[at : at + length]
    else:
        content[at : at + length] = b"\xff\xfe<html>\x00" * 3
    path.write_bytes(content)


# --- HDF5: a valid HDF5 file with invalid content


def odd_values(n):
    """{what: (values, dtype)} of types that few programs expect where a column of `n` values stands."""
    whole, text = np.arange(n), h5py.string_dtype()
    fields = np.zeros(n, [("AUC 1", "f8"), ("AUC/2", "u1"), ("label", "S3")])
    lists = np.empty(n, object)
    lists[:] = [np.arange(i % 3) for i in range(n)]
    of_lists = np.empty(n, [("v", h5py.vlen_dtype("i4"))])
    of_lists["v"] = [np.arange(2, dtype="i4") for _ in range(n)] if n > 1 else None
    references = np.empty(n, object)
    references[:] = [h5py.Reference()] * n
    return {
        "compound": (fields, None),
        "compound of arrays": (np.zeros(n, [("at", "f4", (2,)), ("n", "i4")]), None),
        "compound of text": (np.array([("a", i) for i in range(n)], [("s", text), ("n", "i4")]), None),
        "compound of lists": (of_lists, None),
        "object": (np.array([b"a", "b"] * n, object)[:n], text),
        "bytes that are no text": (np.full(n, b"\xff\xfe"), None),
        "lists": (lists, h5py.vlen_dtype("f8")),
        "enum": (whole % 3, h5py.enum_dtype({"low": 0, "high": 1}, basetype="i1")),
        "boolean": (whole % 2 == 0, None),
        "reference": (references, h5py.ref_dtype),
        "opaque": (np.zeros(n, "V5"), None),
        "complex": (whole * 1j, None),
        "long double": (whole.astype(np.longdouble), None),
        "other byte order": (whole.astype(">i4"), None),
        "half": (whole.astype("f2"), None),
        "0 dimensions": (3, None),
        "no values": (h5py.Empty("f4"), None),
        "3 dimensions": (np.zeros((n, 2, 2)), None),
        "text in 2 dimensions": (np.array([["a", "b"]] * n, object), text),
        "no columns": (np.zeros((n, 0)), None),
    }


def of_hdf5(path, dice):
    with h5py.File(path, "a") as file:
        names = []
        file.visit(names.append)
        name = dice.choice(names)
        item = file[name]
        how = dice.choice(
            ["delete", "text", "shape", "values", "absurd", "attributes", "link", "circle", "type", "scalar"]
            + ["odd", "odd"]
        )
        attributes = dict(item.attrs)
        if how == "attributes" or isinstance(item, h5py.Group) and how in ("shape", "values", "type"):
            keys = list(item.attrs) or ["encoding-type"]
            key = dice.choice(keys)
            new = dice.choice([None, "zork", -1, 2**40, [2**40, 2**40], [-1, 3], "csc_matrix", "", 1.5])
            if new is None:
                item.attrs.pop(key, None)
            else:
                item.attrs[key] = new
            return
        old = item[()] if isinstance(item, h5py.Dataset) else None
        del file[name]
        if how == "delete":
            return
        if how == "link":
            file[name] = h5py.ExternalLink("/etc/passwd", "/x")
        elif how == "circle":
            file[name] = h5py.SoftLink("/")
        elif how == "absurd":
            kind = dice.choice(["f8", "i4", h5py.string_dtype()])
            shape = dice.choice([(2**40,), (2**31, 2**31), (2**20, 2**20), (0,), (0, 0), (1, 2**33)])
            file.create_dataset(
                name,
                shape,
                kind,
                chunks=tuple(min(n, 1000) or 1 for n in shape),
                maxshape=tuple(None for _ in shape),
            )
        elif how == "odd":
            values, dtype = dice.choice(list(odd_values(old.shape[0] if np.ndim(old) else 30).values()))
            file.create_dataset(name, data=values, dtype=dtype)
        elif how == "scalar":
            file[name] = dice.choice([3, "word", 2.5])
        elif old is None or how == "text" or np.ndim(old) == 0:
            file.create_dataset(name, data=["word"] * 7, dtype=h5py.string_dtype())
        elif how == "shape":
            file[name] = dice.choice(
                [old[:-1], old[:1], np.stack([old, old]), old[..., None], old.ravel()[:3]]
            )
        elif how == "type":
            file[name] = np.ones(old.shape, dice.choice(["c8", "bool", "i1", "f2", "u8"]))
        else:
            if old.dtype.kind in "iuf":
                new = old.astype(np.float64 if old.dtype.kind == "f" else np.int64).copy()
                odd = [-1, 2**31 - 1, 2**31 + 5, 2**62, 10**6]
                new.flat[dice.randrange(max(new.size, 1))] = dice.choice(
                    [*odd, np.nan, np.inf, 1e300] if new.dtype.kind == "f" else odd
                )
                file[name] = new
            else:
                file[name] = old[::-1]
        file[name].attrs.update(attributes) if how not in ("link", "circle") else None


# --- text


def of_text(path, dice):
    packed = path.name.endswith(".gz")
    text = (gzip.decompress(path.read_bytes()) if packed else path.read_bytes()).decode()
    lines = text.split("\n")
    at = dice.choice([0, 1, 2, dice.randrange(len(lines))]) % len(lines)
    separator = "," if path.name.endswith(".csv") else "\t" if ".tsv" in path.name else " "
    fields = lines[at].split(separator)
    word = dice.choice(
        [
            "word",
            "",
            "NA",
            "nan",
            "inf",
            "1e400",
            "-1",
            "1,5",
            "\0",
            '"',
            "99999999999999999999",
            "é",
            "0x10",
            "=1+1",
        ]
    )
    how = dice.choice(
        ["field", "field", "more", "fewer", "drop", "twice", "names", "head", "long", "blank", "bytes"]
    )
    if how == "field":
        fields[dice.randrange(len(fields))] = word
        lines[at] = separator.join(fields)
    elif how == "more":
        lines[at] += separator + word
    elif how == "fewer":
        lines[at] = separator.join(fields[:-1])
    elif how == "drop":
        del lines[at]
    elif how == "twice":
        lines.insert(at, lines[at])
    elif how == "names":
        lines[0] = separator.join(["same"] * len(lines[0].split(separator)))
    elif how == "head":
        lines[:1] = dice.choice(
            [
                ["%%MatrixMarket matrix coordinate integer general", "99999999999 99999999999 99999999999"],
                ["<html>"],
                ["%" * 5000],
                ["30 24 -5"],
                [""],
            ]
        )
    elif how == "long":
        lines[at] = word * 300_000
    elif how == "blank":
        lines[at:at] = ["", " ", separator * 3]
    content = "\n".join(lines).encode()
    if how == "bytes":
        content = content.replace(b"1", b"\xe9", 1)
    path.write_bytes(gzip.compress(content) if packed else content)


# --- bombs: small files that unpack to large ones


def bomb(folder, dice):
    """The path of a file or store that unpacks to far more than its size suggests."""
    how = dice.choice(
        ["csv", "mtx", "h5ad.gz", "h5ad", "h5ad unwritten", "10x", "zarr", "zarr.zip", "zarr unwritten"]
    )
    if how in ("csv", "h5ad.gz"):
        path = folder / ("set.csv.gz" if how == "csv" else "set.h5ad.gz")
        line = b"cell," + b"0," * 50 + b"\n" if how == "csv" else bytes(1000)
        with gzip.open(path, "wb") as file:
            for _ in range(100):
                file.write(line * (BOMB // len(line) // 100 + 1))
        return path
    if how == "mtx":
        folder = folder / "matrix"
        folder.mkdir()
        with gzip.open(folder / "matrix.mtx.gz", "wb", compresslevel=1) as file:
            file.write(b"%%MatrixMarket matrix coordinate integer general\n")
            file.write(dice.choice([b"%" * BOMB, b"20 30 99999999\n" + b"1 1 1\n" * (BOMB // 6)]))
        (folder / "barcodes.tsv").write_text("".join(f"c{i}\n" for i in range(30)))
        (folder / "genes.tsv").write_text("".join(f"g{i}\n" for i in range(20)))
        return folder
    shape = (BOMB // 4000 + 1000, 1000)
    if how.startswith("h5ad") or how == "10x":
        path = folder / ("set.h5" if how == "10x" else "set.h5ad")
        with h5py.File(path, "w") as file:
            if how == "10x":
                for name, n in (("data", BOMB), ("indices", BOMB), ("indptr", 31)):
                    file.create_dataset(
                        f"matrix/{name}", (n,), "i4", chunks=(min(n, 1 << 16),), compression="gzip"
                    )
                file["matrix/shape"] = [20, 30]
                file["matrix/barcodes"] = np.array([b"c"] * 30)
                file["matrix/features/id"] = file["matrix/features/name"] = np.array([b"g"] * 20)
            else:
                matrix = file.create_dataset("X", shape, "f4", chunks=(500, 1000), compression="gzip")
                if how == "h5ad":
                    for low in range(0, shape[0], 500):
                        matrix[low : low + 500] = 0
        return path
    path = folder / "set.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=2)
    matrix = group.create_array(
        "X", shape=shape, chunks=(500, 1000), dtype="f4", config={"write_empty_chunks": True}
    )
    if how != "zarr unwritten":
        matrix[:] = 0
    for key, value in {"encoding-type": "array", "encoding-version": "0.2.0"}.items():
        matrix.attrs[key] = value
    if how == "zarr.zip":
        with zipfile.ZipFile(folder / "set.zarr.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for member in path.rglob("*"):
                archive.write(member, member.relative_to(folder))
        return folder / "set.zarr.zip"
    return path


# --- archives


def evil_archive(folder, dice):
    """The path of a malicious archive."""
    names = [
        "../out",
        "../../../../tmp/nuwa-out",
        "/tmp/nuwa-out",
        "a/../../out",
        "..\\out",
        "C:\\out",
        "a\0b",
        "x" * 300,
        "",
        ".",
        "a//b",
    ]
    how = dice.choice(
        ["names", "link", "hard link", "device", "bomb", "many", "nested", "lie", "same", "locked"]
    )
    name = dice.choice(names)
    if dice.random() < 0.5:
        path = folder / "evil.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            entry = zipfile.ZipInfo(name if how == "names" else "d/matrix.mtx")
            entry.compress_type = zipfile.ZIP_DEFLATED
            if how in ("link", "hard link"):
                entry.external_attr = 0o120777 << 16
            if how == "bomb":
                archive.writestr(entry, bytes(BOMB))
            else:
                archive.writestr(entry, {"link": b"/etc/passwd"}.get(how, b"x" * 100))
            if how == "many":
                for i in range(dice.choice([20, 500])):
                    archive.writestr(f"d/{i}", b"")
            if how == "same":
                archive.writestr("d/matrix.mtx/under", b"x")
        if how in ("lie", "locked"):
            content = bytearray(path.read_bytes())
            at = content.rindex(b"PK\1\2")
            content[at + 8 : at + 10] = b"\1\0" if how == "locked" else b"\0\0"
            content[at + 24 : at + 28] = (10 if how == "lie" else 100).to_bytes(4, "little")
            path.write_bytes(content)
        return path
    path = folder / "evil.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        entry = tarfile.TarInfo(name.replace("\0", "") if how == "names" else "d/matrix.mtx")
        if how in ("link", "hard link"):
            entry.type = tarfile.SYMTYPE if how == "link" else tarfile.LNKTYPE
            entry.linkname = dice.choice(["/etc/passwd", "../../x", "d"])
        elif how == "device":
            entry.type = dice.choice([tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.BLKTYPE])
        elif how == "bomb":
            entry.size = BOMB
        elif how == "lie":
            entry.size = 50
        body = None if entry.issym() or entry.islnk() or how == "device" else io.BytesIO(bytes(entry.size))
        archive.addfile(entry, body)
        for i in range({"many": 500}.get(how, 0)):
            archive.addfile(tarfile.TarInfo(f"d/{i}"))
        if how == "same":
            archive.addfile(tarfile.TarInfo("d/matrix.mtx/under"))
        if how == "nested":
            archive.add(path, "d/again.tar.gz")
    return path
