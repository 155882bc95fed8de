"""The order in which waiting jobs of a lane are taken: people take turns, and each person's own jobs go by priority and age.

Stride scheduling (Waldspurger and Weihl 1995): each turn of a person costs 1 / weight, and who has paid least is next. Who
was away for a while begins at the lane's clock, so nobody saves up turns.
"""

import heapq
from collections import deque
from typing import NamedTuple

from core.store.status import Priority


class Turn(NamedTuple):
    """Where a person's last turn in a lane `began`, and where the next one may begin (`passed`)."""

    began: float
    passed: float


def ordered(jobs, turns, weights):
    """The waiting jobs of one lane, the next one first.

    What an administrator moved to the front comes first, and what nobody has asked for last. `turns` is {owner: Turn}, and
    `weights` {owner: turns for each turn of others}, 1 where it has none.
    """
    front, asked, ahead = [], [], []
    for job in sorted(jobs, key=_own_order):
        if job["priority"] >= Priority.FRONT:
            front.append(job)
        elif job["priority"] > Priority.AHEAD:
            asked.append(job)
        else:
            ahead.append(job)
    return front + _in_turn(asked, turns, weights) + _in_turn(ahead, turns, weights)


def next_turn(owner, turns, weight=1.0):
    """The Turn of a person whose job starts now."""
    began = max(turns[owner].passed if owner in turns else 0.0, clock(turns))
    return Turn(began, began + 1 / weight)


def clock(turns):
    """Where the last turn in a lane began."""
    return max((turn.began for turn in turns.values()), default=0.0)


def _own_order(job):
    return -job["priority"], job["created"]


def _in_turn(jobs, turns, weights):
    waiting = {}
    for job in jobs:
        waiting.setdefault(job["owner"], deque()).append(job)
    if len(waiting) < 2:
        return jobs
    now = clock(turns)
    heap = []
    for owner, own in waiting.items():
        turn = turns.get(owner, Turn(-1.0, 0.0))
        heap.append((max(turn.passed, now), turn.began, own[0]["created"], owner))
    heapq.heapify(heap)
    order = []
    while heap:
        begins, _, _, owner = heapq.heappop(heap)
        own = waiting[owner]
        order.append(own.popleft())
        if own:
            passed = begins + 1 / weights.get(owner, 1.0)
            heapq.heappush(heap, (passed, begins, own[0]["created"], owner))
    return order
