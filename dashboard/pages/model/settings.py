"""The settings of a run and the controls of the Create model page: each from the other."""

from core import config
from core.config import NETWORK, TRAINING
from core.config.models import DEFAULTS_BY_MODEL as BY_MODEL
from core.config.preparation_record import PreparationRecord
from dashboard.components.forms import read_form


def of_run(run, record):
    """The settings of a run as the form shows them; values that the model chose are empty, so that another model chooses its own."""
    record = PreparationRecord.upgraded(record)
    values = config.parse(run["config"]).model_dump()
    chosen = config.parse(values | dict.fromkeys(BY_MODEL))
    chosen = chosen.for_data(record.n_cells, record.n_genes, record.n_proteins, record.kind)
    return values | {name: None for name in BY_MODEL if values[name] == getattr(chosen, name)}


def settings_of(values, names):
    """The network and training settings of the page's controls, without those its model does not use."""
    model = next((value for id, value in zip(names, values, strict=True) if id["name"] == "model"), None)
    foreign = {spec.name for spec in config.specs() if spec.models and model not in spec.models}
    return read_form(values, names, NETWORK, TRAINING, skip=foreign)
