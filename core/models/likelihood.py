"""Log-likelihoods of counts, element by element, in nats; all arguments broadcast."""

import torch
from torch.nn.functional import logsigmoid, softplus

EPS = 1e-8  # keeps log(0) finite


def negative_binomial(x, mean, theta):
    """log P(x) under a negative binomial with this mean and inverse dispersion: variance = mean + mean^2 / theta."""
    log_total = torch.log(theta + mean + EPS)
    return (
        theta * (torch.log(theta + EPS) - log_total)
        + x * (torch.log(mean + EPS) - log_total)
        + torch.lgamma(x + theta)
        - torch.lgamma(theta)
        - torch.lgamma(x + 1)
    )


def zero_inflated(x, mean, theta, logits):
    """The same where a count is lost altogether with probability sigmoid(logits) (Lopez 2018, Eraslan 2019)."""
    kept = negative_binomial(x, mean, theta) + logsigmoid(-logits)
    return torch.where(x < EPS, torch.logaddexp(logsigmoid(logits), kept), kept)


def mixture(x, background, foreground, theta, logits):
    """log P(x) of two negative binomials: background with probability sigmoid(logits), else foreground.

    As totalVI has it for surface proteins (Gayoso 2021): both parts share the inverse dispersion.
    """
    low = negative_binomial(x, background, theta) - softplus(-logits)
    high = negative_binomial(x, foreground, theta) - softplus(logits)
    return torch.logaddexp(low, high)


def moment_theta(squared_error, mean, mean_squared):
    """Inverse dispersion by moments: E[(x - mean)^2] = E[mean] + E[mean^2] / theta, kept between 1e-2 and 1e4."""
    excess = (squared_error - mean).clip(min=1e-12)
    return (mean_squared / excess).clip(min=1e-2, max=1e4)
