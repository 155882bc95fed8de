"""What the fork does: read, bring into normal form, leave data.h5ad and answer.json in the folder it was given."""

import json
import tempfile
import traceback
from pathlib import Path

import anndata
import h5py
import pandas as pd
from anndata.io import write_elem

from core.data import h5ad_writer, value_kernels  # noqa: F401 - loads numba before the fork, not in each
from core.data.normal_form import on_the_way
from core.data.read.context import Reading
from core.data.read.readers import carefully, load
from core.data.readable_paths import within
from core.errors import Question, UserError


def carry_out(request):
    """Answer a request of the sandbox with {"notes"}, {"question"} or {"sentence", "memory"}."""
    folder = Path(request["folder"])
    reading = Reading(
        folder,
        request["answers"],
        request["ask"],
        request["large"],
        request["most_memory"],
        request["soft_limit"],
        request["names"],
    )
    tempfile.tempdir = request["folder"]  # what else is put down on the way goes with the folder, too
    try:
        path = Path(request["path"])
        if request.get("roots") is not None:  # links may have changed since the file was chosen
            within([Path(root) for root in request["roots"]], path, whole=True)
        adata = load(path, reading, **request["second"], droplets=request["droplets"])
        answer = {"notes": adata.uns.pop("nuwa_read")}
        carefully(lambda *_: write(adata, folder / "data.h5ad", answer["notes"]), path, reading)
    except Question as question:
        answer = {"question": question.record()}
    except UserError as error:
        answer = {"sentence": str(error), "memory": isinstance(error, MemoryError)}
        answer["trace"] = getattr(error, "trace", "")
    except MemoryError:
        answer = {"sentence": "", "memory": True}
    except Exception:  # ours, since every fault of a file has its sentence; whoever asked raises it
        answer = {"bug": traceback.format_exc()}
    (folder / "answer.json").write_text(json.dumps(answer))


def write(adata, path, notes):
    """`adata` as .h5ad; what HDF5 cannot hold is left out, with a note. Text stays text.

    What lies in a file gets its normal form on the way.
    """
    changes = on_the_way(adata)
    anndata.settings.allow_write_nullable_strings = True
    for frame in (adata.obs, adata.var):
        for column in frame.columns:
            frame[column] = _writable(frame[column])
    try:
        h5ad_writer.write(path, adata, changes)
    except (MemoryError, UserError):
        raise
    except Exception:  # the edge: anndata has no name for "this cannot be written"
        n_notes = len(notes)
        _leave_out(adata, notes)
        if changes and len(notes) == n_notes:
            raise  # the values themselves cannot be read
        _write_the_rest(path, adata, changes)


def _write_the_rest(path, adata, changes):
    try:
        h5ad_writer.write(path, adata, changes)
    except (TypeError, ValueError) as error:
        fault = "holds names or values that are neither text nor numbers, so it is damaged: copy it again."
        raise UserError(f"The file {fault}") from error


def _writable(values):
    """A column of obs or var as text, numbers or categories; mixed ones become text."""
    if isinstance(values.dtype, pd.StringDtype):
        values = values.astype(object)
    if values.dtype != object:
        return values
    known = values.dropna()
    if not all(isinstance(value, str) for value in known):
        values = known.astype(str).reindex(values.index)
    return values.astype("category") if values.isna().any() else values


def _leave_out(adata, notes):
    """Remove the parts of `adata` that HDF5 cannot hold, each tried alone in memory."""
    with h5py.File("trial", "w", driver="core", backing_store=False) as trial:
        for part in ("obs", "var"):
            table = getattr(adata, part)
            held = {column: table[[column]] for column in table.columns}
            setattr(adata, part, table.drop(columns=_misfits(trial, part, held, notes)))
        for part in ("uns", "obsm", "varm", "obsp", "varp", "layers"):
            held = {key: value for key, value in getattr(adata, part).items() if _is_held(value)}
            for key in _misfits(trial, part, held, notes):
                del getattr(adata, part)[key]
        if (
            adata.raw is not None
            and _is_held(adata.raw.X)
            and _misfits(trial, "adata", {"raw": adata.raw}, notes)
        ):
            adata.raw = None


def _is_held(value):
    return not (hasattr(value, "group") or isinstance(value, h5py.Dataset))  # but lies in a file


def _misfits(trial, part, held, notes):
    """The keys of `held` whose values cannot be written."""
    misfits = []
    for key in list(held):
        try:
            write_elem(trial, "item", held[key])
        except MemoryError:
            raise
        except Exception:  # the same edge
            misfits.append(key)
            notes.append(f"{part}['{key}'] was left out: it cannot be stored.")
    return misfits
