"""The expected logarithm of counts under negative binomials: E[log1p(s x)], which is below log1p(s E[x])."""

import numba
import numpy as np

from core.sparse.rows import FAST

LARGE = 400.0  # expected counts above it are integrated over the rate, not summed
MOST = 4096  # terms of a sum; what is left beyond them counts at its mean
LEFT = 1e-7  # probability at which a sum ends
# Edges of the bins of the rate's distribution, by probability: finer at both ends, where the logarithm changes most.
_ENDS = 2.0 ** -np.arange(14, 5, -1)
_EDGES = np.concatenate([[0], _ENDS, np.linspace(1 / 32, 31 / 32, 31), 1 - _ENDS[::-1], [1]])


def expected_log1p(mean, theta, scale):
    """(cells, features) float64: E[log1p(scale x)] of x ~ NB(mean, theta), variance = mean + mean^2 / theta.

    `mean` (cells, features), `theta` (features,), `scale`: (cells, 1) or (features,) above 0. Summed up to an
    expected count of 400, to 1e-5 where mean / theta is below 500 and to 0.005 where the tail is longer; above, the
    rate's gamma distribution is integrated in bins, with the Poisson noise to second order, which is within 0.01.
    """
    mean, theta = np.asarray(mean, np.float64), np.asarray(theta, np.float64)
    theta_of = np.broadcast_to(theta, mean.shape)
    by_row = (mean, theta_of) if np.ndim(scale) == 2 else (mean.T, theta_of.T)  # rows share a scale
    out = _sum(*map(np.ascontiguousarray, by_row), np.asarray(scale, np.float64).ravel())
    out = out if np.ndim(scale) == 2 else out.T
    cell, feature = np.nonzero(mean > LARGE)
    if len(cell):
        scales = np.broadcast_to(scale, mean.shape)[cell, feature]
        out[cell, feature] = _integrated(mean[cell, feature], theta, feature, scales)
    return out


@numba.njit(**FAST)
def _sum(mean, theta, scale):
    """(rows, n) the sum over counts, 0 where the mean is large; `scale` is by row."""
    logs, out = np.empty(MOST + 1), np.zeros(mean.shape)
    for i in range(mean.shape[0]):
        known = 0  # of the row's logarithms
        logs[0] = 0.0
        for j in range(mean.shape[1]):
            mu, t = mean[i, j], theta[i, j]
            if mu <= 0.0 or mu > LARGE:
                continue
            p, share = np.exp(-t * np.log1p(mu / t)), mu / (mu + t)
            covered, moment, total, k = p, 0.0, 0.0, 0
            while covered < 1.0 - LEFT and k < MOST:
                p *= (k + t) / (k + 1) * share
                k += 1
                if k > known:
                    logs[k] = np.log1p(scale[i] * k)
                    known = k
                covered += p
                moment += p * k
                total += p * logs[k]
            if covered < 1.0 - LEFT:
                total += (1.0 - covered) * np.log1p(scale[i] * (mu - moment) / (1.0 - covered))
            out[i, j] = total
    return out


def _integrated(mean, theta, feature, scale):
    """(n,) the expectation over the gamma distribution of the rate, for n pairs of a mean and a feature."""
    from scipy.special import gammainc, gammaincinv

    used, place = np.unique(feature, return_inverse=True)
    edges = gammaincinv(theta[used][:, None], _EDGES)
    width = np.diff(_EDGES)
    rates = (
        np.diff(gammainc(theta[used][:, None] + 1, edges), axis=1) / width
    )  # mean of each bin, over the mean
    out = np.zeros(len(mean))
    for share, rate in zip(width, rates[place].T, strict=True):
        scaled = scale * mean * rate
        out += share * np.maximum(np.log1p(scaled) - scale * scaled / (2 * (1 + scaled) ** 2), 0)
    return out
