"""Work on the next piece while this one is used."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor


def ahead(work, parts):
    """`work(part)` for each part; a thread works on the next one while this one is used."""
    with ThreadPoolExecutor(1) as thread:
        futures = deque()
        for part in parts:
            futures.append(thread.submit(work, part))
            if len(futures) == 2:
                yield futures.popleft().result()
        while futures:
            yield futures.popleft().result()
