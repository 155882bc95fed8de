"""The background of antibodies: what empty droplets hold of each protein, as a dataset keeps it."""

from typing import Any, NamedTuple

import numpy as np
from anndata import AnnData

from core.data.standalone.log_counts import log_counts
from core.errors import UserError

KEY = "nuwa_background"  # in uns


class Background(NamedTuple):
    """Mean and standard deviation (n - 1) of log(count + 10) over so many empty droplets, for each protein."""

    names: tuple[str, ...]
    mean: np.ndarray
    sd: np.ndarray
    droplets: int

    def of(self, names) -> "Background":
        """The same of some proteins, in their order; raises UserError where one is not known."""
        place = {name: i for i, name in enumerate(self.names)}
        if lost := [str(name) for name in names if name not in place]:
            raise UserError(
                f"The empty droplets do not tell the background of {', '.join(lost[:5])}: add the unfiltered matrix of "
                "this very experiment, or choose another transform of the proteins."
            )
        at = [place[name] for name in names]
        return Background(tuple(map(str, names)), self.mean[at], self.sd[at], self.droplets)

    def record(self) -> dict[str, Any]:
        """The background as JSON, or uns, can hold it."""
        numbers = {"mean": self.mean.tolist(), "sd": self.sd.tolist()}
        return {"names": list(self.names), **numbers, "droplets": self.droplets}


def of_droplets(names, counts) -> Background:
    """The Background by the counts (droplets, proteins) of empty droplets; a protein with the same count in all gets sd 1."""
    logged = log_counts(np.asarray(counts, dtype=np.float64))
    sd = logged.std(axis=0, ddof=1)
    return Background(tuple(names), logged.mean(axis=0), np.where(sd < 1e-6, 1.0, sd), len(logged))


def together(parts: list[Background]) -> Background:
    """The Background of the droplets of all parts as one, of the proteins that all know.

    Mean and deviation are those of the droplets put behind one another (Chan, Golub and LeVeque 1979).
    """
    first, *others = parts
    names = [name for name in first.names if all(name in part.names for part in others)]
    parts = [part.of(names) for part in parts]
    n = np.array([part.droplets for part in parts], dtype=np.float64)[:, None]
    means, sds = (np.array([getattr(part, what) for part in parts]) for what in ("mean", "sd"))
    mean = (n * means).sum(axis=0) / n.sum()
    squares = ((n - 1) * sds**2 + n * (means - mean) ** 2).sum(axis=0)
    return Background(tuple(names), mean, np.sqrt(squares / (n.sum() - 1)), int(n.sum()))


def keep(adata: AnnData, found: Background) -> None:
    """Keep it in uns."""
    adata.uns[KEY] = found.record() | {
        "names": np.array(found.names, dtype=object),
        "mean": found.mean,
        "sd": found.sd,
    }


def background_of(adata: AnnData) -> Background | None:
    """What an unfiltered matrix said of the background of this dataset's proteins; None where there was none."""
    kept = adata.uns.get(KEY)
    if kept is None:
        return None
    names = tuple(str(name) for name in np.ravel(kept["names"]))
    mean, sd = (np.asarray(kept[name], dtype=np.float64).ravel() for name in ("mean", "sd"))
    return Background(names, mean, sd, int(kept["droplets"]))
