"""A run against its baselines, and what usually helps one that PCA beats."""

from core.text import NORMAL_95

EARLY = 0.8  # share of the epochs: a best epoch before it means over-fitting


def above_baseline(loss, baseline):
    """How far a loss is above the total of a baseline (run_facts.Parts), as a share of it: -0.1 is a tenth below."""
    return loss / max(baseline.total, 1e-12) - 1


def beyond_error(difference):
    """Is a (difference, standard error) further from 0 than its 95 % interval? True where the error is unknown."""
    value, error = difference
    return error is None or abs(value) > NORMAL_95 * error


def against_pca(best_epoch, n_epochs):
    """Two sentences: why PCA is better, from where the best epoch is, and what to change."""
    if best_epoch < EARLY * n_epochs:
        return "the validation loss was best early, so the model over-fits. Fewer hidden units or early stopping may help."
    return "the model was still learning. More epochs or a higher learning rate may help."
