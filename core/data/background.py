"""The background of antibodies: what empty droplets hold of each protein, as a data set keeps it."""

from typing import Any, NamedTuple

import numpy as np
from anndata import AnnData

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


def background_of(adata: AnnData) -> Background | None:
    """What an unfiltered matrix said of the background of this data set's proteins; None where there was none."""
    kept = adata.uns.get(KEY)
    if kept is None:
        return None
    names = tuple(str(name) for name in np.ravel(kept["names"]))
    mean, sd = (np.asarray(kept[name], dtype=np.float64).ravel() for name in ("mean", "sd"))
    return Background(names, mean, sd, int(kept["droplets"]))
