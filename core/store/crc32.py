"""CRC-32 of files that grow: joined from those of their parts, so that no byte is read again."""

import zlib
from functools import lru_cache
from pathlib import Path

BLOCK = 1 << 20
POLYNOMIAL = 0xEDB88320  # of CRC-32, the lowest power first; 1 << 31 stands for 1


def crc32_of(path: Path) -> int:
    """The CRC-32 of a file. Not SHA-256: browsers offer that on https alone, and a lab's server often has none."""
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            checksum = zlib.crc32(block, checksum)
    return checksum


def joined(first: int, second: int, length: int) -> int:
    """The CRC-32 of two pieces behind one another, by those of both and the `length` of the second in bytes.

    As crc32_combine of zlib has it: first * x^(8 length) + second, modulo the polynomial.
    """
    return _times(first, _shift(8 * length)) ^ second


@lru_cache(maxsize=8)  # parts but the last are of one length
def _shift(n):
    """x^n modulo the polynomial."""
    result, power = 1 << 31, 1 << 30  # 1; x, then x^2, x^4 ...
    while n:
        if n & 1:
            result = _times(result, power)
        power, n = _times(power, power), n >> 1
    return result


def _times(a, b):
    product = 0
    for bit in range(31, -1, -1):
        if a >> bit & 1:
            product ^= b
        b = b >> 1 ^ (POLYNOMIAL if b & 1 else 0)
    return product


class Checksums:
    """The CRC-32 of files that this process writes, each as long as nobody else has changed it."""

    def __init__(self):
        self._known: dict[Path, tuple[tuple[int, int], int]] = {}

    def of(self, path: Path) -> int:
        """The CRC-32 of a file, which is read where it is not known."""
        checksum = self.known(path)
        if checksum is None:
            checksum = crc32_of(path)
            self.keep(path, checksum)
        return checksum

    def known(self, path: Path) -> int | None:
        """The CRC-32 of a file where it is known without reading it."""
        state = _state(path)
        if state[0] == 0:
            return 0
        known = self._known.get(path)
        return known[1] if known and known[0] == state else None

    def keep(self, path: Path, checksum: int) -> None:
        """Remember the CRC-32 of a file as it is now."""
        self._known[path] = _state(path), checksum

    def forget(self, path: Path) -> None:
        self._known.pop(path, None)


def _state(path):
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns
