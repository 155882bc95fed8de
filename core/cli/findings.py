"""What the data checks say of a file on the way to another command, and which options do not apply to it."""

from core.cli import say
from core.config import steps_for

# Settings of proteins beside those that `steps_for` knows.
PROTEIN_SETTINGS = ("n_hidden_protein", "weight_protein")


def warn(findings, name=None):
    """Print the findings ({"severity", "sentence"}) of severity warning; `name` is that of the file, where there are several."""
    for finding in findings:
        if finding["severity"] == "warning":
            say(f"  Warning{f' on {name}' if name else ''}: {finding['sentence']}")


def idle_options(options, report):
    """A sentence for each of the `options` (names of settings) that does not apply to the dataset of a report."""
    has_proteins = any(name not in report["proteins_left_out"] for name in report["proteins"])
    steps = steps_for(kind_of(report), has_proteins)
    reasons = {name: step.reason for name, step in steps.items() if not step.applies}
    if not has_proteins:
        reasons |= dict.fromkeys(PROTEIN_SETTINGS, "does not apply: the dataset has no proteins")
    return [f"--{name.replace('_', '-')} {reasons[name]}." for name in sorted(options & reasons.keys())]


def kind_of(report):
    """The kind of the matrix that is trained on."""
    return "counts" if report["counts_where"] else report["verdict"]["kind"]
