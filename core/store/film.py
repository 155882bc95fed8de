"""The film of a run's latent space: film.npy, (slots, cells, n_latent) float16, and film.json, which slot has which epoch.

A frame is written before film.json names its slot, so a reader sees whole frames. Where all slots are used, the frame
whose neighbours are closest makes room, so that the frames stay spread over the run; its slot is written again.
"""

import json
import os
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from core import files

FRAMES, CELLS, NPY = "film.json", "film_cells.npy", "film.npy"
LARGEST = 6e4  # float16 ends at 65,504


class Film(NamedTuple):
    """What is there of a film."""

    cells: np.ndarray  # (cells,) rows of the dataset
    is_validation: np.ndarray  # (cells,) bool
    epochs: np.ndarray  # (frames,) int, rising
    frames: np.ndarray  # (frames, cells, n_latent) float32; each is rotated onto the one before


class FilmFile:
    """The film in the folder of a run, for its one writer and for readers."""

    def __init__(self, folder):
        self.folder = folder
        self._slots, self._n_slots, self._start, self._shape = {}, 0, 0, ()  # of the writer

    # --- the writer

    def begin(self, cells, is_validation, n_latent, n_slots):
        """A new film of these cells, without a frame; an earlier one is removed. Raises OSError."""
        self.remove()
        self._shape, self._n_slots, self._slots = (len(cells), n_latent), n_slots, {}
        files.write_array(self.folder / CELLS, np.stack([cells, is_validation], axis=1).astype(np.int32))

        def empty(path):
            with open(path, "wb") as file:
                header = {"descr": "<f2", "fortran_order": False, "shape": (n_slots, *self._shape)}
                np.lib.format.write_array_header_2_0(file, header)
                self._start = file.tell()
                file.truncate(self._start + n_slots * self._frame_bytes)  # takes no room before it is written

        files.whole(self.folder / NPY, empty)
        self._publish()

    def resume(self, before):
        """The film of the epochs before `before`, with which writing goes on; None where there is none."""
        film = self.read()
        if film is None or not (film.epochs < before).any():
            return None
        with open(self.folder / NPY, "rb") as file:
            np.lib.format.read_magic(file)
            (self._n_slots, *shape), _, _ = np.lib.format.read_array_header_2_0(file)
            self._start = file.tell()
        self._shape = tuple(shape)
        self._slots = {epoch: slot for epoch, slot in self._index() if epoch < before}
        self._publish()
        kept = film.epochs < before
        return film._replace(epochs=film.epochs[kept], frames=film.frames[kept])

    def add(self, epoch, points):
        """Add a frame, (cells, n_latent). Raises OSError, such as for a full disk; the frames before stay."""
        if len(self._slots) == self._n_slots:
            epochs = np.array(sorted(self._slots))
            del self._slots[int(epochs[1:-1][(epochs[2:] - epochs[:-2]).argmin()])]
            self._publish()
        used = set(self._slots.values())
        slot = next(slot for slot in range(self._n_slots) if slot not in used)
        content = np.clip(points, -LARGEST, LARGEST).astype("<f2").tobytes()
        descriptor = os.open(self.folder / NPY, os.O_WRONLY)
        try:  # not by a memory map: on a full disk that would end the process
            if os.pwrite(descriptor, content, self._start + slot * self._frame_bytes) != len(content):
                raise OSError("The disk is full.")
        finally:
            os.close(descriptor)
        self._slots[epoch] = slot
        self._publish()

    def remove(self):
        """Remove the film."""
        for name in (FRAMES, NPY, CELLS):
            (self.folder / name).unlink(missing_ok=True)

    @property
    def _frame_bytes(self):
        return 2 * self._shape[0] * self._shape[1]

    def _publish(self):
        files.whole(
            self.folder / FRAMES, lambda path: path.write_text(json.dumps(sorted(self._slots.items())))
        )

    # --- readers

    def epochs(self):
        """The epochs of the frames so far, in order; [] without a film."""
        return [epoch for epoch, _ in self._index()]

    def stamp(self):
        """A text that differs between two films; "" without one."""
        with suppress(OSError):
            return str((self.folder / CELLS).stat().st_mtime_ns)
        return ""

    def read(self, since=0, also=0):
        """The Film with the frames after the epoch `since` and that of the epoch `also`; None where there is none."""
        for _ in range(3):  # a frame whose slot is given to another meanwhile is read again
            index = self._index()
            with suppress(OSError, ValueError, IndexError):
                cells = np.array(files.read_array(self.folder / CELLS))
                slots = np.load(self.folder / NPY, mmap_mode="r", allow_pickle=False)
                wanted = [(epoch, slot) for epoch, slot in index if epoch > since or epoch == also]
                frames = np.array(slots[[slot for _, slot in wanted]], dtype=np.float32)
                now = self._index()
                if all(pair in now for pair in wanted):
                    epochs = np.array([epoch for epoch, _ in wanted], dtype=int)
                    return Film(cells[:, 0], cells[:, 1] > 0, epochs, frames) if index else None
        return None

    def _index(self):
        """[(epoch, slot)] in the order of the epochs."""
        with suppress(OSError, ValueError):
            return [(epoch, slot) for epoch, slot in json.loads((self.folder / FRAMES).read_text())]
        return []
