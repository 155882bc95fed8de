"""The cache of arrays: what is kept, what leaves, and that nothing is computed twice."""

from threading import Barrier, Thread

import numpy as np

from dashboard.components.bounded_cache import BoundedCache


def test_what_was_used_last_stays_within_the_bytes():
    cache, computed = BoundedCache(30, lambda array: array.nbytes), []

    def array(name):
        return cache.get(name, lambda: computed.append(name) or np.zeros(10, np.uint8))

    for name in "abcabc":
        array(name)
    assert computed == ["a", "b", "c"] and len(cache) == 3
    array("a")
    array("d")  # b is the one that was not used for the longest time
    assert len(cache) == 3
    array("a")
    array("b")
    assert computed == ["a", "b", "c", "d", "b"]


def test_a_value_larger_than_the_cache_is_returned_and_not_kept():
    cache = BoundedCache(10, len)
    assert cache.get("large", lambda: "x" * 11) == "x" * 11 and len(cache) == 0


def test_threads_get_the_same_value():
    cache, gate, values = BoundedCache(1000, len), Barrier(8), []

    def ask(i):
        gate.wait()
        values.append(cache.get("key", lambda: f"by thread {i}"))

    threads = [Thread(target=ask, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(values) == 8 and cache.get("key", lambda: "again") in values and len(cache) == 1
