"""Whose turn it is: people take turns in each lane of the queue."""

import pytest
from people import people, quick_passwords

from core.errors import UserError
from core.store import Priority, expected_start
from core.store.fair_order import Turn, next_turn, ordered


def jobs(names, priority=Priority.ASKED):
    """Waiting jobs of the people whose letters these are, the oldest first."""
    return [
        {"owner": name, "priority": priority, "created": float(i), "id": i} for i, name in enumerate(names)
    ]


def served(names, turns=None, weights=None, n=None):
    """The letters of who is served, job by job, as the queue does it: one starts, then the rest is ordered again."""
    waiting, turns, weights, order = jobs(names), dict(turns or {}), weights or {}, ""
    while waiting and (n is None or len(order) < n):
        first = ordered(waiting, turns, weights)[0]
        waiting.remove(first)
        turns[first["owner"]] = next_turn(first["owner"], turns, weights.get(first["owner"], 1.0))
        order += first["owner"]
    return order


@pytest.mark.parametrize(
    ("arrived", "order"),
    [
        ("", ""),
        ("aaa", "aaa"),
        ("aaab", "abaa"),  # the latecomer waits for one job, not for all
        ("aaabbb", "ababab"),
        ("aabbcc", "abcabc"),
        ("aaaaaabc", "abcaaaaa"),
    ],
)
def test_people_take_turns(arrived, order):
    assert served(arrived) == order


def test_the_position_that_is_shown_is_the_order_in_which_jobs_start():
    for arrived in ("aaabbbccc", "abacabad", "aaaaab"):
        foreseen = "".join(job["owner"] for job in ordered(jobs(arrived), {}, {}))
        assert foreseen == served(arrived)
    turns, weights = {"a": Turn(4.0, 5.0), "b": Turn(1.0, 2.0)}, {"c": 2.0}
    foreseen = "".join(job["owner"] for job in ordered(jobs("aaabbbcccc"), turns, weights))
    assert foreseen == served("aaabbbcccc", turns, weights)


def test_who_was_served_lately_comes_after_others_and_nobody_saves_up_turns():
    turns = {"a": Turn(9.0, 10.0), "b": Turn(0.0, 1.0)}
    assert served("aaabbb", turns) == "bababa"  # b was away for nine turns and gets one of them back


def test_a_weight_gives_more_turns():
    order = served("a" * 30 + "b" * 30, weights={"b": 2.0}, n=30)
    assert (order.count("a"), order.count("b")) == (10, 20)


def test_ones_own_jobs_go_by_priority_and_what_nobody_asked_for_comes_last():
    a, b = "anna", "bob"
    rows = [
        (a, Priority.AHEAD),
        (a, Priority.FOLLOWS),
        (a, Priority.ASKED),
        (b, Priority.TYPED),
        (b, Priority.FRONT),
    ]
    waiting = [{"owner": o, "priority": p, "created": float(i), "id": i} for i, (o, p) in enumerate(rows)]
    assert [job["id"] for job in ordered(waiting, {}, {})] == [4, 2, 3, 1, 0]


# --- in the database


def submit(store, owner, lane="train", **values):
    return store.submit(owner, lane, "explore" if lane != "train" else "train", "target", **values)


def test_a_turn_is_taken_when_a_job_starts_and_in_its_lane_alone(store):
    first, second = submit(store, "anna"), submit(store, "anna")
    late = submit(store, "bob")
    assert [job["id"] for job in store.waiting("train")] == [first, late, second]
    assert store.start_job(first) and not store.start_job(first)
    assert [job["id"] for job in store.waiting("train")] == [late, second]
    assert store.start_job(late)
    again = submit(store, "bob")
    assert [job["id"] for job in store.waiting("train")] == [second, again]
    short = [submit(store, owner, "short") for owner in ("anna", "bob")]
    assert [job["id"] for job in store.waiting("short")] == short
    assert [len(store.ahead_of(store.job(id))) for id in (second, again)] == [2, 3]


def test_what_nobody_asked_for_costs_no_turn(store):
    ahead, asked = submit(store, "anna", "slow", priority=Priority.AHEAD), submit(store, "anna", "slow")
    bob = submit(store, "bob", "slow")
    store.start_job(ahead)
    assert [job["id"] for job in store.waiting("slow")] == [asked, bob]


@pytest.fixture
def lab(store):
    with quick_passwords():
        people(store)
    return store


def test_an_administrator_moves_jobs_and_pauses_the_queue(lab):
    admin = lab.of("local").admin
    first, second, third = (submit(lab, "bob") for _ in range(3))
    admin.move_to_front(third)
    admin.move_to_front(second)  # the last one that was moved is the next
    assert [job["id"] for job in lab.waiting("train")] == [second, third, first]
    lab.start_job(second)
    with pytest.raises(UserError, match="does not wait"):
        admin.move_to_front(second)
    assert not lab.is_paused("train")
    admin.pause()
    assert lab.is_paused("train") and lab.is_paused("slow") and not lab.is_paused("short")
    assert admin.paused()["by"] == "local"
    admin.unpause()
    assert not lab.is_paused("train")
    actions = [row["action"] for row in lab.audit.rows(user="local")]
    assert actions[:4] == ["resume queue", "pause queue", "move job to front", "move job to front"]


@pytest.mark.parametrize("what", ["pause", "unpause", "paused", "limits"])
@pytest.mark.parametrize("who", ["bob", "vic"])
def test_nobody_else_touches_the_queue(lab, what, who):
    with pytest.raises(UserError, match="administrator"):
        getattr(lab.of(who).admin, what)()
    with pytest.raises(UserError, match="administrator"):
        lab.of(who).admin.move_to_front(submit(lab, "bob"))
    with pytest.raises(UserError, match="administrator"):
        lab.of(who).admin.set_limits("bob", runs=1)


# --- the expected start


def done(store, seconds, kind="explore"):
    id = store.submit("anna", "short", kind, "x")
    store.start_job(id)
    started = store.job(id)["started"]
    store.move_job(id, "running", "done", ended=started + seconds)


def test_the_expected_start_follows_from_how_long_such_jobs_took(store):
    for seconds in (10.0, 20.0, 600.0):
        done(store, seconds)
    running, before, job = (submit(store, "anna", "short") for _ in range(3))
    store.start_job(running)
    now = store.job(running)["started"] + 5
    ahead = store.ahead_of(store.job(job))
    assert [one["id"] for one in ahead] == [running, before]
    assert expected_start.seconds_until(store, ahead, now) == pytest.approx(15 + 20)
    assert expected_start.seconds_until(store, ahead, now + 1000) == pytest.approx(20)
    assert expected_start.seconds_until(store, [], now) == 0
    unknown = store.job(store.submit("anna", "short", "explained", "x"))
    assert expected_start.seconds_until(store, [*ahead, unknown], now) is None


def test_the_expected_start_follows_from_the_epochs_and_forecasts_of_runs(store):
    config = {"epochs": 100, "lr": 0.1, "seed": 0}
    values = {
        "dataset": "d",
        "preparation": "p",
        "phase": "",
        "explored": "",
        "status": "running",
        "n_epochs": 100,
    }
    running = store.add("run", "anna", name="running", config=config, **values)
    for epoch in range(1, 11):
        store.add_epoch(running, {"epoch": epoch, "seconds": 2.0})
    job = store.submit("anna", "train", "train", running)
    store.start_job(job)
    ahead = store.working("train")
    assert expected_start.seconds_until(store, ahead, 0) == pytest.approx(90 * 2.0)
    waiting = store.add("run", "bob", name="waiting", config=config, **(values | {"status": "queued"}))
    ahead.append(store.job(store.submit("bob", "train", "train", waiting)))
    assert expected_start.seconds_until(store, ahead, 0) is None  # nobody has forecast it
    for lr, seconds in ((0.2, 1.0), (0.1, 30.0)):
        forecast = store.submit("bob", "short", "forecast", "p", {"settings": {"epochs": 100, "lr": lr}})
        store.start_job(forecast)
        store.move_job(forecast, "running", "done", result={"seconds": seconds})
    assert expected_start.seconds_until(store, ahead, 0) == pytest.approx(90 * 2.0 + 30.0)
