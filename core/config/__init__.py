"""What a run is (RunConfig), and all that a form, a command line or a drawing asks about it."""

from core.config.applicable_steps import Step, steps_for
from core.config.defaults import chosen
from core.config.fields import NETWORK, PREPARE, TRAINING
from core.config.genes import CHOOSING, FEW_CELLS, gene_names
from core.config.layers import Layer
from core.config.matrix_kinds import BADGES, KIND_WORDS
from core.config.parsing import parse
from core.config.preprocessing import upgraded
from core.config.recommended import recommended
from core.config.run_config import SPLIT_NAMES, RunConfig, setting_rows, specs

# What config.json tells beside the settings: facts of the run, which --config does not read back.
RECORD_KEYS = ("device_used", "device_name", "threads", "path", "versions", "source", "data_hash", "run")

# Leiden resolutions that are computed for every run, so that a slider answers at once.
RESOLUTIONS = tuple(round(0.2 * i, 1) for i in range(1, 11))  # 0.2, 0.4 ... 2.0
DEFAULT_RESOLUTION = 1.0
SURE = 0.5  # share of its neighbours' votes below which a transferred label is "unknown"; a person may set another

MOST_SEEDS = 10  # of a run, for its stability
MOST_BATCHES = 500  # batches; more values than that are no batches but a number or a name a cell

__all__ = [
    "BADGES",
    "CHOOSING",
    "DEFAULT_RESOLUTION",
    "SURE",
    "FEW_CELLS",
    "MOST_BATCHES",
    "MOST_SEEDS",
    "KIND_WORDS",
    "NETWORK",
    "PREPARE",
    "RECORD_KEYS",
    "RESOLUTIONS",
    "SPLIT_NAMES",
    "TRAINING",
    "Layer",
    "RunConfig",
    "Step",
    "chosen",
    "gene_names",
    "parse",
    "recommended",
    "specs",
    "steps_for",
    "setting_rows",
    "upgraded",
]
