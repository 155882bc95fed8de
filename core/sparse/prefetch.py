"""Work on the next piece while this one is used."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor


def ahead(work, parts):
    """`work(part)` for each part; a thread works on the next one while this one is used."""
    with ThreadPoolExecutor(1) as thread:
        coming = deque()
        for part in parts:
            coming.append(thread.submit(work, part))
            if len(coming) == 2:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
