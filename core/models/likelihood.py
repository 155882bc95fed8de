"""Log-likelihoods of counts, element by element, in nats; all arguments broadcast."""

import torch
from torch.nn.functional import logsigmoid, softplus

EPS = 1e-8  # keeps log(0) finite
LARGE = 100.0  # inverse dispersion above which the gamma functions are a series


def negative_binomial(x, mean, theta):
    """log P(x) under a negative binomial with this mean and inverse dispersion: variance = mean + mean^2 / theta.

    As scvi-tools' log_nb_positive, in a form that keeps its digits in float32: above LARGE, lgamma(x + theta) -
    lgamma(theta) would lose up to all of them, and Stirling's series is exact to 1e-8.
    """
    above = torch.log1p(mean / theta)
    scale = torch.log(mean + EPS) - torch.log(theta + mean + EPS)
    exact = torch.lgamma(x + theta) - torch.lgamma(theta) + x * scale - theta * above
    ratio = torch.log1p(x / theta)
    # Stirling: lgamma(x + theta) - lgamma(theta) = (x + theta - 1/2) log1p(x / theta) + x log(theta) - x + rest, in which
    # x log(theta) - x log(theta + mean) is -x log1p(mean / theta).
    rest = 1 / (12 * (x + theta)) - 1 / (12 * theta)
    series = (x + theta) * (ratio - above) - ratio / 2 - x + x * torch.log(mean + EPS) + rest
    return torch.where(theta > LARGE, series, exact) - torch.lgamma(x + 1)


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
