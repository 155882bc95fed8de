"""What the fork does: read, bring into normal form, leave data.h5ad and answer.json in the folder it was given."""

import json
import traceback
from pathlib import Path

import anndata
import h5py
import pandas as pd
from anndata.io import write_elem

from core.data.places import within
from core.data.read.load import load
from core.data.read.reading import Reading
from core.errors import Question, UserError


def carry_out(request):
    """Answer a request of the door with {"notes"}, {"question"} or {"sentence", "memory"}."""
    folder = Path(request["folder"])
    reading = Reading(folder, request["answers"], request["ask"])
    try:
        if request.get("roots") is not None:  # links may have changed since the file was chosen
            within([Path(root) for root in request["roots"]], request["path"], whole=True)
        adata = load(request["path"], reading, **request["second"])
        answer = {"notes": adata.uns.pop("nuwa_read")}
        write(adata, folder / "data.h5ad", answer["notes"])
    except Question as question:
        answer = {"question": question.record()}
    except UserError as error:
        answer = {"sentence": str(error), "memory": isinstance(error, MemoryError)}
    except MemoryError:
        answer = {"sentence": "", "memory": True}
    except Exception:  # ours, since every fault of a file has its sentence; whoever asked raises it
        answer = {"bug": traceback.format_exc()}
    (folder / "answer.json").write_text(json.dumps(answer))


def write(adata, path, notes):
    """`adata` as .h5ad; what HDF5 cannot hold is left out, with a note. Text stays text."""
    anndata.settings.allow_write_nullable_strings = True
    for frame in (adata.obs, adata.var):
        for name in frame.columns:
            frame[name] = _writable(frame[name])
    try:
        adata.write_h5ad(path, convert_strings_to_categoricals=False)
        return
    except MemoryError:
        raise
    except Exception:  # the edge: anndata has no name for "this cannot be written"
        _leave_out(adata, notes)
    try:
        adata.write_h5ad(path, convert_strings_to_categoricals=False)
    except (TypeError, ValueError) as error:
        words = "holds names or values that are neither text nor numbers, so it is damaged: copy it again."
        raise UserError(f"The file {words}") from error


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
            held = getattr(adata, part)
            for key in _misfits(trial, part, held, notes):
                del held[key]
        if adata.raw is not None and _misfits(trial, "adata", {"raw": adata.raw}, notes):
            adata.raw = None


def _misfits(trial, part, held, notes):
    """The keys of `held` whose values cannot be written."""
    found = []
    for key in list(held):
        try:
            write_elem(trial, "item", held[key])
        except MemoryError:
            raise
        except Exception:  # the same edge
            found.append(key)
            notes.append(f"{part}['{key}'] was left out: it cannot be stored.")
    return found
