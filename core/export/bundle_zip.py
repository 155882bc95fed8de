"""A bundle: one zip, written under another name until it is whole, and read again as a zip or as the folder it came from."""

import io
import json
import zipfile
from pathlib import Path

from core.config.run_files import START_WEIGHTS
from core.errors import UserError
from core.export.run_history import history_of

FORMAT = 1  # of the bundle, in versions.json
PACKED = (
    ".h5ad",
    ".png",
    ".pt",
    ".npy",
)  # compressed already, or all but random: deflating them only takes time
# What every bundle has: enough to train the run again and compare.
ALWAYS = (
    "README.txt",
    "config.json",
    "versions.json",
    "recipe.json",
    "history.csv",
    "latent.npy",
    "clusters.npy",
    "reproduce.py",
)
NEEDED = ("config.json", "versions.json", "history.csv", "latent.npy", "clusters.npy")
OURS = "open a bundle.zip from the Clusters page of Nuwa"


class Writer(zipfile.ZipFile):
    """A new zip; files go in under the names of a bundle, and files that are moved leave the scratch folder."""

    def __init__(self, path):
        super().__init__(path, "w", zipfile.ZIP_DEFLATED)

    def take(self, path, name=None):
        """Put a file in; it stays where it is."""
        path = Path(path)
        how = zipfile.ZIP_STORED if path.suffix in PACKED else zipfile.ZIP_DEFLATED
        self.write(path, name or path.name, how)

    def move(self, path, name=None):
        """Put a file in, and remove it, so that the disk does not hold it twice for long."""
        self.take(path, name)
        Path(path).unlink()


class Bundle:
    """A bundle to read from: a zip or a folder; raises UserError where it is none."""

    def __init__(self, path):
        self.path = Path(path)
        self.zip = None
        if self.path.is_dir():
            names = {str(p.relative_to(self.path)) for p in self.path.rglob("*") if p.is_file()}
        elif self.path.is_file():
            try:
                self.zip = zipfile.ZipFile(self.path)
            except (zipfile.BadZipFile, OSError):
                raise UserError(f"'{self.path.name}' is not a zip file: {OURS}.") from None
            names = set(self.zip.namelist())
        else:
            raise UserError(f"There is no file '{path}': name a bundle, such as bundle.zip.")
        self.names = names
        if missing := [name for name in NEEDED if name not in names]:
            self.close()
            raise UserError(f"'{self.path.name}' is no bundle of a run, {missing[0]} is missing: {OURS}.")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Close the file."""
        if self.zip:
            self.zip.close()

    def read(self, name):
        """The bytes of a file in it; raises UserError where they are damaged."""
        try:
            return self.zip.read(name) if self.zip else (self.path / name).read_bytes()
        except (zipfile.BadZipFile, OSError, EOFError) as error:
            raise UserError(
                f"{name} in '{self.path.name}' is damaged ({error}): make the bundle again."
            ) from None

    def json(self, name):
        """The value of a JSON file; raises UserError where it is none."""
        try:
            return json.loads(self.read(name))
        except ValueError:
            raise UserError(f"{name} in '{self.path.name}' is damaged: make the bundle again.") from None

    def array(self, name):
        """The array of a .npy; raises UserError where it is none."""
        import numpy as np  # not before the command line has set how many threads it uses

        try:
            return np.load(io.BytesIO(self.read(name)), allow_pickle=False)
        except ValueError:
            raise UserError(f"{name} in '{self.path.name}' is damaged: make the bundle again.") from None

    def history(self):
        """The rows of history.csv: {column: float or None}."""
        return history_of(self.read("history.csv").decode())

    def first(self):
        """The run of the bundle, as core.export.reproduce compares with.

        "record" (config.json), "history", "latent", "clusters", "resolution", "machine" and "order" (versions.json), and
        "made_at", when the bundle was made.
        """
        facts = self.json("versions.json")
        known = {name: facts[name] for name in ("resolution", "machine", "order")}
        arrays = {name: self.array(f"{name}.npy") for name in ("latent", "clusters")}
        return (
            arrays
            | known
            | {
                "record": self.json("config.json"),
                "history": self.history(),
                "made_at": facts["made"],
                "start": self._start_weights(),
            }
        )

    def _start_weights(self):
        """The content of start.pt, from which training started, or None where it has none."""
        if START_WEIGHTS not in self.names:
            return None
        import torch  # not before the command line has set how many threads it uses

        return torch.load(io.BytesIO(self.read(START_WEIGHTS)), weights_only=True, map_location="cpu")

    def place(self, name, folder):
        """Where a file of it lies on disk, unpacked into `folder` where it came in a zip; None where it has none."""
        if name not in self.names:
            return None
        if self.zip is None:
            return self.path / name
        return Path(self.zip.extract(name, folder))
