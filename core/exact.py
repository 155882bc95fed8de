"""Exact nearest neighbours by brute force on a CPU: rough distances by products in float32, those chosen worked out again."""

from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from threadpoolctl import threadpool_limits

from core.rows import FAST

FEWEST = 2000  # points; among fewer scikit-learn is as quick, and nothing has to be compiled for it
PLANE = 3  # dimensions; there a tree takes a tenth of the time of all pairs, in ten dimensions it takes more
MORE = 8  # candidates beyond those asked for: rounding may put a neighbour a few places too far
PAIRS = 1 << 21  # distances worked out at once: 8 MB, which stay near the processor
STRETCH = 32  # distances whose smallest is looked at before any of them is


def nearest(queries, points, k):
    """((queries, k) int32 indices into `points`, (queries, k) float32 Euclidean distances), the nearest first.

    Of two at the same distance the first in `points` comes first. What rounding in float32 might have hidden is known
    by a bound on its error, and such queries are asked once more in float64 by scikit-learn: with a latent space of
    50 dimensions, in six tenths of the time that all of it takes there.
    """
    queries, points = (np.ascontiguousarray(x, dtype=np.float32) for x in (queries, points))
    centre = points.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = [x - centre for x in (queries, points)]
    own, size = (np.einsum("ij,ij->i", x, x) for x in centred)
    found = np.empty((len(queries), k), np.int32), np.empty((len(queries), k), np.float32)
    sure = np.empty(len(queries), dtype=bool)
    asked = np.hstack([centred[0], np.ones((len(queries), 1), np.float32)])
    length, across = max(16, PAIRS // len(points)), np.vstack([-2 * centred[1].T, size])

    def work(start):
        part = slice(start, start + length)
        rough = asked[part] @ across  # less |q|^2, which is the same for all
        _choose(rough, queries[part], points, own[part], size.max(), *(x[part] for x in (*found, sure)))

    # Threads of our own, each with products on one: two libraries that take turns would wait for each other, spinning.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(numba.get_num_threads()) as pool:
        list(pool.map(work, range(0, len(queries), length)))
    if not sure.all():
        for whole, again in zip(found, by_scikit_learn(queries[~sure], points, k), strict=True):
            whole[~sure] = again
    return found


def by_scikit_learn(queries, points, k):
    """What `nearest` gives, by scikit-learn."""
    from sklearn.neighbors import NearestNeighbors

    way = "kd_tree" if points.shape[1] <= PLANE else "brute"
    distances, indices = NearestNeighbors(n_neighbors=k, algorithm=way).fit(points).kneighbors(queries)
    return indices.astype(np.int32), distances.astype(np.float32)


def warm_up():
    """Compile what `nearest` needs, which takes some seconds the first time on a machine."""
    few = np.eye(4, dtype=np.float32)
    nearest(few, few, 2)


@numba.njit(**FAST)
def _choose(rough, queries, points, own, largest, indices, distances, sure):
    """Write for each row of `rough` the nearest, and whether no other can be nearer.

    `own`: the sizes |q|^2 of the queries about the centre, `largest` the largest of the points.
    """
    n, d, k = len(points), points.shape[1], indices.shape[1]
    m = min(n, k + MORE)
    for i in range(len(rough)):
        place, value = np.zeros(m, np.int32), np.full(m, np.inf, np.float32)
        _smallest(rough[i], place, value)
        farthest, place = value[0], np.sort(place)
        exact = np.empty(m)
        for j in range(m):
            total = 0.0
            for f in range(d):
                difference = np.float64(queries[i, f]) - np.float64(points[place[j], f])
                total += difference * difference
            exact[j] = total
        order = np.argsort(exact, kind="mergesort")
        for j in range(k):
            indices[i, j], distances[i, j] = place[order[j]], np.sqrt(exact[order[j]])
        # A product of d numbers in float32 is off by d/2^24 of their sizes at most, and |p|^2 - 2 q.p, where |p|^2 is
        # such a product itself, by three times that (Higham 2002, Accuracy and Stability of Numerical Algorithms, 3.1);
        # what is lost when the centre is taken off is a few more of 1/2^24.
        error = (3 * d + 16) * 2.0**-24 * (own[i] + largest)
        sure[i] = m == n or exact[order[k - 1]] <= farthest + own[i] - error


@numba.njit(**FAST)
def _smallest(row, place, value):
    """Fill `value` with the smallest of a row, the largest of them first, and `place` with where they stand: a heap."""
    m = len(value)
    for start in range(0, len(row), STRETCH):
        end = min(start + STRETCH, len(row))
        low = np.float32(np.inf)
        for j in range(start, end):  # which the processor does eight at a time
            low = min(low, row[j])
        if low >= value[0]:
            continue
        for j in range(start, end):
            new = row[j]
            if new >= value[0]:
                continue
            at = 0
            while 2 * at + 1 < m:
                below = 2 * at + 1
                if below + 1 < m and value[below + 1] > value[below]:
                    below += 1
                if value[below] <= new:
                    break
                value[at], place[at] = value[below], place[below]
                at = below
            value[at], place[at] = new, j
