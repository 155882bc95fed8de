"""The only way to read files: each in its own process, with limits on memory and time."""

import atexit
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import h5py
import numpy as np
from anndata import AnnData
from anndata.io import write_elem

from core import device
from core.data import backed, droplet_limits
from core.errors import DISK_FULL, DoesNotFit, Question, UserError

log = logging.getLogger("nuwa.read")
MB = 1024**2
LEAST_SECONDS, SECONDS_A_MB = 8.0, 10.0  # a MB of packed text may be 20 of plain, and the machine busy
# Every file may take MEMORY, which with the libraries stays below 2 GiB; more only as its reader says beforehand, from
# the sizes that the file declares and can mean (Reading.take), and all of it at most MOST_MEMORY of what is left.
MEMORY = 1700 * MB
MOST_MEMORY, FLOOR = (
    0.9,
    256 * MB,
)  # share of what the machine has left, but never too little for a small file
LEAST_DISK = 48 * MB  # free bytes of the disk of temporary files below which a failure is one of the disk
ROOT = Path(__file__).resolve().parents[3]


def read(
    path,
    *,
    genome=None,
    part=None,
    transpose=None,
    first_column=None,
    numbers=None,
    counts=None,
    proteins=None,
    annotations=None,
    background=None,
    droplets=None,
    roots=None,
    ask=False,
    scratch=None,
    keep=None,
    names=None,
) -> AnnData:
    """The file or folder at `path` as AnnData in normal form; see `tidy` for what that is.

    `genome`, `part`, `transpose` and `counts` answer what only a person knows: which genome and which dataset of a folder
    or archive is meant, whether the rows of a table are genes, and which matrix holds the counts; so do `first_column` ("names" or "values": what
    the first column of a table holds) and `numbers` ("thousands" or "decimal": what a sign in its numbers means). `proteins`, `annotations` and `background`
    are paths of second files: proteins or labels, joined by barcode, and the unfiltered matrix, whose empty droplets
    say what is background of each protein; `droplets` are limits other than core.data.DROPLETS. `roots` are folders that the path may not lead out of, whatever links lie
    there by then. `scratch` is where temporary files go (the system's place by default). `keep` is the path under which
    the normal form stays, as .h5ad, on the same disk as `scratch`; `names` are the names
    {path: name} that a person gave to the files, where these lie under others.
    The matrices of a large dataset (core.data.backed.LARGE) are left in that file, or in one that vanishes with the
    AnnData.

    Raises UserError, one sentence, for every fault of a file, Question for what is not answered yet; with
    `ask` also where the file itself speaks clearly, so that a person confirms it.
    """
    path = Path(path)
    second = {"proteins": proteins, "annotations": annotations, "background": background}
    files = [Path(file) for file in (path, *second.values()) if file is not None]
    size = sum(_size(file) for file in files)
    names = {str(Path(file).absolute()): name for file, name in (names or {}).items()}
    with tempfile.TemporaryDirectory(prefix="nuwa-read-", dir=scratch) as folder:
        request = {
            "path": str(path.absolute()),
            "answers": {
                "genome": genome,
                "part": part,
                "transpose": transpose,
                "first_column": first_column,
                "numbers": numbers,
                "counts": counts,
            },
            "second": {what: str(Path(file).absolute()) for what, file in second.items() if file is not None},
            "droplets": droplet_limits(droplets),
            "roots": roots and [str(root) for root in roots],
            "ask": ask,
            "names": names,
            "large": backed.LARGE,
            "folder": folder,
            "seconds": LEAST_SECONDS + SECONDS_A_MB * size / MB,
            "memory": MEMORY,
            "most_memory": int(max(FLOOR, MOST_MEMORY * device.free_memory())),
        }
        answer = SERVER.ask(request)
        name = " and ".join(f"'{names.get(str(file.absolute()), file.name)}'" for file in files)
        notes = _result(Path(folder), answer, request, name)["notes"]
        normal_form = Path(folder) / "data.h5ad"
        if keep is not None:
            with h5py.File(normal_form, "r+") as file:
                write_elem(file["uns"], "nuwa_read", np.array(notes, dtype=object))
            Path(keep).parent.mkdir(parents=True, exist_ok=True)
            os.replace(normal_form, keep)
        adata = backed.read(keep or normal_form)
    adata.uns["nuwa_read"] = notes
    return adata


def _result(folder, answer, request, name):
    """What the fork has left, or an error that says what became of it."""
    if answer["late"]:
        fault = f"was still not read after {request['seconds']:.0f} seconds, which its size does not explain"
        raise UserError(f"{name} {fault}: it may be damaged, or the server very busy.")
    # A library that finds no room calls the file damaged, or the kernel kills it: the disk itself is asked.
    is_full = folder.exists() and shutil.disk_usage(folder).free < LEAST_DISK
    try:
        result = json.loads((folder / "answer.json").read_text())
    except (OSError, ValueError):
        if is_full:
            raise UserError(DISK_FULL) from None
        if answer["code"] < 0:
            raise UserError(
                f"{name} is damaged: it made the reader crash, so copy or save it again."
            ) from None
        result = {"sentence": "", "memory": True}  # there was not even room for an answer
    if is_full and ("bug" in result or "sentence" in result):
        raise UserError(DISK_FULL)
    if "bug" in result:
        raise RuntimeError(f"the process that reads files failed:\n{result['bug']}")
    if "question" in result:
        question = result["question"]
        raise Question(
            question["sentence"],
            question["asks"],
            map(tuple, question["choices"]),
            question["default"],
            question["sure"],
        )
    if "sentence" in result:
        if trace := result.get("trace"):
            log.error(trace)
        room = f"{request['most_memory'] / 1e9:,.1f} GB"
        sentence = result["sentence"] or f"{name} needs more memory than the {room} that may be used for it."
        raise (DoesNotFit if result["memory"] else UserError)(sentence)
    return result


def _size(path):
    """Bytes of a file, or of all files of a folder; 0 where there is none."""
    if path.is_dir():
        return sum(p.lstat().st_size for p in path.rglob("*"))
    return path.stat().st_size if path.exists() else 0


class Server:
    """The process that forks for each file; it is started when it is first needed and goes when we go."""

    def __init__(self):
        self.process = None
        self.lock = threading.Lock()
        self.last = None  # the last answer, with the peak of its memory

    def start(self):
        """Start loading the readers, so that the first file does not wait for them."""
        if self.process is None or self.process.poll() is not None:
            one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
            self.process = subprocess.Popen(
                [sys.executable, "-m", "core.data.read.sandbox_server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=ROOT,
                env=os.environ | one,  # a process with threads cannot safely fork
                start_new_session=True,
            )
            atexit.register(self.stop)

    def ask(self, request):
        """Send one request; returns {"code", "late", "peak"}."""
        with self.lock:
            self.start()
            try:
                self.process.stdin.write(json.dumps(request).encode() + b"\n")
                self.process.stdin.flush()
                line = self.process.stdout.readline()
            except BaseException:  # Ctrl-C among them: the server is in the middle of something
                self.stop()
                raise
            if not line:
                self.stop()
                raise RuntimeError("the process that reads files has stopped")
            self.last = json.loads(line)
            return self.last

    def stop(self):
        """End the server; the fork at work and its files go with it."""
        process, self.process = self.process, None
        if process is not None:
            atexit.unregister(self.stop)
            process.stdin.close()
            process.stdout.close()
            process.wait()


SERVER = Server()
