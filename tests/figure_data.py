"""Small figures and the data behind them, which the tests of figures share."""

import json
import math

import numpy as np

from core.config.run_facts import Baselines, Parts

BASELINES = Baselines(Parts(1.25, 0.95, 1.0), Parts(0.70, 0.53, 0.55), 0.51)
THEMES = ["light", "dark"]


def epochs_of(n, protein=True, first=1.2):
    """n epochs whose losses fall from `first` to about 0.6."""
    losses = [0.6 + (first - 0.6) * math.exp(-i / 4) for i in range(n)]
    return [
        {
            "epoch": i + 1,
            "train_loss": loss,
            "valid_loss": loss + 0.02,
            "train_rna": loss,
            "valid_rna": loss + 0.01,
            "train_protein": loss if protein else None,
            "valid_protein": loss + 0.03 if protein else None,
            "learning_rate": 1e-3,
        }
        for i, loss in enumerate(losses)
    ]


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def annotation_texts(figure):
    return " | ".join(annotation.text for annotation in figure.layout.annotations)


def sent(figure):
    """The figure as the browser gets it: strict JSON, where NaN is an error."""

    def refuse(constant):
        raise AssertionError(f"{constant} in the figure's JSON")

    return json.loads(figure.to_json(), parse_constant=refuse)


def cells_of(n, k=2, seed=0):
    """n cell names, k-dimensional points."""
    points = np.random.default_rng(seed).normal(size=(n, k)).astype(np.float32)
    return [f"AAACCTGAGCATCATC-{i}" for i in range(n)], points
