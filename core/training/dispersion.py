"""Inverse dispersions of negative binomials by maximum likelihood, given the expected counts."""

import numpy as np

THETA = (1e-2, 1e4)  # the range of an inverse dispersion; at the upper end the distribution is nearly Poisson
ROUNDS = 30  # at most; Newton's steps need about seven
CLOSE = 1e-4  # of log theta: the likelihood is flat at its maximum


def likely_theta(counts, expected):
    """(features,) float64: the inverse dispersion theta that makes `counts` most likely, between 0.01 and 10,000.

    `counts`, `expected`: (cells, features), the latter above 0. variance = expected + expected^2 / theta. Newton's steps
    on log theta, kept inside a bracket of the root of the derivative (as in Robinson and Smyth 2008, without their
    conditioning on the mean).
    """
    counts, expected = (np.asarray(x, dtype=np.float32) for x in (counts, expected))
    seen = _histogram(counts)
    low, high = (np.full(counts.shape[1], np.log(end)) for end in THETA)
    at = np.zeros(counts.shape[1])
    for _ in range(ROUNDS):
        slope, curvature = _derivatives(counts, expected, seen, np.exp(at))
        low, high = np.where(slope > 0, at, low), np.where(slope > 0, high, at)
        with np.errstate(divide="ignore", invalid="ignore"):
            after = np.where(curvature < 0, at - slope / curvature, np.nan)
        after = np.where((after > low) & (after < high), after, (low + high) / 2)
        step, at = np.abs(after - at).max(initial=0), after
        if step < CLOSE:
            break
    return np.exp(at)


def _histogram(counts):
    """(feature, count, how many cells have it) of every count above 0: far fewer than there are cells."""
    cell, feature = np.nonzero(counts)
    # Numbered by value: a count may be too large to be a part of an integer key.
    x, number = np.unique(np.rint(counts[cell, feature]).astype(np.float64), return_inverse=True)
    keys, n = np.unique(feature * max(1, len(x)) + number, return_counts=True)
    return keys // max(1, len(x)), x[keys % max(1, len(x))], n


def _derivatives(counts, expected, seen, theta):
    """(features,) twice: the first and second derivative of the log-likelihood by log theta; `seen` is the _histogram."""
    from scipy.special import digamma, polygamma

    feature, x, n = seen
    t, n_features = theta[feature], len(theta)
    narrow = theta.astype(np.float32)
    ratio, both = expected / narrow, expected + narrow
    apart = (expected - counts) / both
    first = (apart - np.log1p(ratio)).sum(axis=0, dtype=np.float64)
    second = ((ratio - apart) / both).sum(axis=0, dtype=np.float64)
    # Of a count of 0 the gamma functions cancel.
    first += np.bincount(feature, n * (digamma(x + t) - digamma(t)), n_features)
    second += np.bincount(feature, n * (polygamma(1, x + t) - polygamma(1, t)), n_features)
    return theta * first, theta * first + theta**2 * second
