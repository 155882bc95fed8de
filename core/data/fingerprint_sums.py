"""Values of a sparse matrix mixed to sums that any change of a value changes, and no order of values."""

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def add(indptr, indices, bits, keys, sums):
    """Add to `sums` (rows, 2) uint64 the mixed values of each row of a CSR; `bits` are its values as float64.

    `keys` (columns, 2) uint64. Zeros add nothing.
    """
    for row in range(len(indptr) - 1):
        for k in range(indptr[row], indptr[row + 1]):
            if bits[k] << np.uint64(1):  # 0 and -0 are no values
                for lane in range(2):
                    x = bits[k] ^ keys[indices[k], lane]  # mixed as in splitmix64 (Steele 2014)
                    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                    sums[row, lane] += x ^ (x >> np.uint64(31))
