"""Rows on disk, for a matrix that does not fit in memory: written once in shuffled order, read in large pieces ahead."""

import math
import os
import shutil
import tempfile
import weakref

import numpy as np

from core.errors import UserError
from core.sparse.prefetch import ahead
from core.sparse.rows import Held, Rows

RESIDENT = 1 << 30  # bytes of Rows that are kept in memory; more goes to disk
POOL = 1 << 25  # bytes read at once, and in memory twice: one pool is used while the next is read
STRETCH = 1024  # cells, about: as many lie beside one another in a pool
MOST_FILES = 200  # that are open while rows are put in order


class Stored:
    """As `core.sparse.rows.Rows`, its columns and values in files that vanish with it, even from a process that is killed.

    Rows lie in the files in an order of their own, so that a stretch of training rows is a random set of them.
    """

    def __init__(self, files, types, indptr, place, size, n_genes):
        """`files` and `types` of columns and values; `indptr` by place in the files; `place` and `size` by row."""
        self.files, self.types, self.indptr, self.place, self.size = files, types, indptr, place, size
        self.shape = len(place), n_genes
        weakref.finalize(self, _close, files)

    n_values, density = Rows.n_values, Rows.density

    def held(self, rows):
        """These rows as Held, read now. Raises IndexError for rows that do not exist."""
        rows = np.asarray(rows, np.int64)
        if len(rows) and rows.min() < 0:
            raise IndexError("Rows are numbered from 0.")
        places, at = np.unique(self.place[rows], return_inverse=True)
        begins = np.flatnonzero(
            np.diff(places, prepend=-2) != 1
        )  # of what lies together and is read in one go
        runs = np.stack([places[begins], np.append(begins[1:], len(places)) - begins], axis=1).tolist()
        indptr = np.zeros(len(places) + 1, np.int64)
        np.cumsum(self.indptr[places + 1] - self.indptr[places], out=indptr[1:])
        indices, values = (
            self._read(file, kind, runs, indptr[-1])
            for file, kind in zip(self.files, self.types, strict=True)
        )
        size = np.empty(len(places), np.float32)
        size[at] = self.size[rows]
        return Held(Rows(indptr, indices, values, size, self.shape[1]), at)

    def _read(self, file, kind, runs, n_values):
        values, filled = np.empty(n_values, kind), 0
        for first, n in runs:
            begin, end = self.indptr[first], self.indptr[first + n]
            _read_into(file, values[filled : filled + end - begin], begin * values.itemsize)
            filled += end - begin
        return values

    def in_order(self, rows):
        """The same rows in the order in which they lie on disk."""
        return rows[np.argsort(self.place[rows])]

    def shuffled(self, rows, batch_size, random):
        """The rows in an order to train by, drawn from the numpy Generator `random`.

        They are cut into stretches, from another beginning each time; stretches are drawn into pools, and a pool is
        shuffled. As rows were shuffled when they were written, a minibatch is a random set of them.
        """
        rows = np.roll(self.in_order(rows), -random.integers(len(rows)))
        stretch = batch_size * max(1, STRETCH // batch_size)
        whole = (
            len(rows) // stretch * stretch
        )  # what is left over comes last, so that minibatches keep their size
        drawn = random.permutation(rows[:whole].reshape(-1, stretch)).ravel()
        order, pool = np.concatenate([drawn, rows[whole:]]), self._pool(batch_size)
        for start in range(0, len(order), pool):
            random.shuffle(order[start : start + pool])
        return order

    def some(self, rows, n, random):
        """`n` of `rows` in an order in which they are read well; the shuffling on disk stands for chance."""
        return self.in_order(rows)[:n]

    def minibatches(self, rows, size):
        """Pairs (part, Held) of `rows`, in this order and `size` at a time; read ahead in a thread."""
        pool = self._pool(size)
        parts = [rows[start : start + pool] for start in range(0, len(rows), pool)]
        for part, (held, at) in zip(parts, ahead(self.held, parts), strict=True):
            for start in range(0, len(part), size):
                yield part[start : start + size], Held(held, at[start : start + size])

    def _pool(self, batch_size):
        """How many rows are read at once: whole stretches, and so whole minibatches."""
        stretch = batch_size * max(1, STRETCH // batch_size)
        bytes_a_row = sum(np.dtype(kind).itemsize for kind in self.types) * self.n_values / len(self.place)
        return stretch * max(1, int(POOL / max(1, bytes_a_row * stretch)))


def _close(files):
    for file in files:
        file.close()


def _read_into(file, array, at):
    """Fill `array` from the byte `at`, by explicit reads: mapped files would count as memory of the process."""
    buffer = memoryview(array.view(np.uint8))
    while len(buffer):
        n = os.preadv(file.fileno(), [buffer], int(at))
        if not n:
            raise OSError("A scratch file of Nuwa ended before its time.")
        buffer, at = buffer[n:], at + n


class Writer:
    """Puts blocks of rows on disk in the order `place`: first roughly, into a file a range of places, then exactly."""

    def __init__(self, place, size, types, n_values, n_genes, folder):
        """`place` (rows,): where each row goes. Raises UserError where the disk of `folder` has too little room."""
        self.place, self.size, self.types, self.n_genes = place, size, types, n_genes
        self.folder = folder or tempfile.gettempdir()
        n_bytes = n_values * sum(np.dtype(kind).itemsize for kind in types)
        free = shutil.disk_usage(self.folder).free
        if free < 2 * n_bytes:  # both orders are there for a while
            raise UserError(
                f"Training on this dataset needs {2 * n_bytes / 1e9:.1f} GB of disk in '{self.folder}', and "
                f"{free / 1e9:.1f} GB are free: make room, or use fewer genes (n_top_genes)."
            )
        n_files = min(MOST_FILES, max(1, math.ceil(n_bytes / POOL)))
        self.rows_a_file = math.ceil(len(place) / n_files)
        self.rough = [self._file() for _ in range(math.ceil(len(place) / self.rows_a_file))]
        weakref.finalize(self, _close, self.rough)
        self.pieces = [[] for _ in self.rough]  # a file: (places, values a row) of each piece in it

    def _file(self):
        return tempfile.TemporaryFile(dir=self.folder)  # has no name, and so leaves nothing behind

    def add(self, first, block):
        """Take in a CSR block of the source that begins at row `first`."""
        places = self.place[first : first + block.shape[0]]
        for i in np.unique(places // self.rows_a_file):
            rows = np.flatnonzero(places // self.rows_a_file == i)
            part = block[rows]
            self.pieces[i].append((places[rows], np.diff(part.indptr)))
            for values, kind in zip((part.indices, part.data), self.types, strict=True):
                self.rough[i].write(values.astype(kind).tobytes())

    def finish(self):
        """The Stored rows."""
        files = [self._file() for _ in self.types]
        lengths = []
        for rough, pieces in zip(self.rough, self.pieces, strict=True):
            rows = self._in_order(rough, pieces)
            rough.close()
            lengths.append(np.diff(rows.indptr))
            for file, values in zip(files, (rows.indices, rows.values), strict=True):
                file.write(values.tobytes())
        for file in files:
            file.flush()
        indptr = np.concatenate([[0], np.cumsum(np.concatenate(lengths), dtype=np.int64)])
        return Stored(files, self.types, indptr, self.place, self.size, self.n_genes)

    def _in_order(self, rough, pieces):
        """The Rows of one rough file, in the order of their places."""
        rough.flush()
        rough.seek(0)
        parts = [
            [np.frombuffer(rough.read(n.sum() * np.dtype(kind).itemsize), kind) for kind in self.types]
            for _, n in pieces
        ]
        indices, values = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        indptr = np.concatenate([[0], np.cumsum(np.concatenate([n for _, n in pieces]), dtype=np.int64)])
        places = np.concatenate([places for places, _ in pieces])
        rows = Rows(indptr, indices, values, np.ones(len(places), np.float32), self.n_genes)
        return rows.take(np.argsort(places))
