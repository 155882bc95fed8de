"""A cache of arrays that holds no more than a number of bytes: what was used last stays."""

from collections import OrderedDict
from threading import Lock


class BoundedCache:
    """Keeps values by key; `size_of(value)` is in bytes. Several threads may ask at once."""

    def __init__(self, most_bytes, size_of):
        self.most_bytes, self.size_of = most_bytes, size_of
        self._values, self._bytes, self._lock = OrderedDict(), 0, Lock()

    def get(self, key, compute):
        """The value of a key, from `compute()` where it is not there. A value that is too large is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = compute()  # two threads may compute the same value, and none waits for the other
        with self._lock:
            if key not in self._values:
                self._values[key] = value
                self._bytes += self.size_of(value)
            while self._bytes > self.most_bytes:
                _, oldest = self._values.popitem(last=False)
                self._bytes -= self.size_of(oldest)
        return value

    def __len__(self):
        return len(self._values)
