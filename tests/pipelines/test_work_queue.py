"""The queue of work: one piece at a time, and visitors take turns."""

from threading import Event

import pytest

from seedlab.core.priority import Priority
from seedlab.pipelines.work_queue import WorkQueue


def test_work_is_done_in_the_order_of_coming_and_counted_while_it_waits():
    queue, done, go = WorkQueue(), [], Event()
    first = queue.submit(lambda: (go.wait(), done.append(1)))
    second, third = (queue.submit(lambda number=number: done.append(number)) for number in (2, 3))
    assert [queue.count_ahead(each) for each in (first, second, third)] == [0, 1, 2]
    go.set()
    third.result()
    assert done == [1, 2, 3]
    assert queue.count_ahead(third) == 0
    queue.close()


def test_who_leaves_the_line_is_not_waited_for():
    queue, done, go = WorkQueue(), [], Event()
    queue.submit(go.wait)
    second, third = (queue.submit(lambda number=number: done.append(number)) for number in (2, 3))
    assert second.cancel()
    assert queue.count_ahead(third) == 1
    go.set()
    third.result()
    assert done == [3]
    queue.close()


def test_nothing_is_begun_after_close():
    queue, done, begun, go = WorkQueue(), [], Event(), Event()
    first = queue.submit(lambda: (begun.set(), go.wait()))
    second = queue.submit(lambda: done.append(2))
    begun.wait()
    queue.close()
    go.set()
    first.result()
    assert second.cancelled()
    assert done == []


def test_a_visitor_has_one_place_however_much_they_submit():
    queue, done, begun, go = WorkQueue(), [], Event(), Event()
    queue.submit(lambda: (begun.set(), go.wait()), "a")
    begun.wait()
    futures = [
        queue.submit(lambda name=name: done.append(name), name[0]) for name in ("a1", "a2", "a3", "b1", "c1", "b2")
    ]
    assert [queue.count_ahead(each) for each in futures] == [3, 5, 6, 1, 2, 4]
    assert queue.choose_next(1.0)
    go.set()
    for future in futures:
        future.result()
    assert done == ["b1", "c1", "a1", "b2", "a2", "a3"]
    assert not queue.choose_next(1.0)
    queue.close()


def test_work_that_was_cancelled_is_not_waited_for():
    queue, begun, go = WorkQueue(), Event(), Event()
    queue.submit(lambda: (begun.set(), go.wait()))
    begun.wait()
    assert not queue.choose_next(1.0)
    second = queue.submit(lambda: None)
    assert queue.choose_next(1.0)
    second.cancel()
    assert not queue.choose_next(1.0)
    go.set()
    queue.close()


def test_less_urgent_work_comes_last_and_makes_nothing_give_way():
    queue, done, begun, go = WorkQueue(), [], Event(), Event()
    queue.submit(lambda: (begun.set(), go.wait()), "a")
    begun.wait()
    idle, draft = (
        queue.submit(lambda name=priority.name: done.append(name), "a", priority)
        for priority in (Priority.IDLE, Priority.LIVE)
    )
    assert not queue.choose_next(1.0)
    picture = queue.submit(lambda: done.append("picture"), "b")
    assert queue.choose_next(1.0)
    assert [queue.count_ahead(each) for each in (idle, draft, picture)] == [3, 2, 1]
    go.set()
    idle.result()
    assert done == ["picture", "LIVE", "IDLE"]
    queue.close()


def test_a_request_gives_way_to_smaller_requests_alone():
    queue, begun, go = WorkQueue(), Event(), Event()
    queue.submit(lambda: (begun.set(), go.wait()), "a", size=8.0)
    begun.wait()
    queue.submit(lambda: None, "b", size=4.0)
    assert [queue.choose_next(left) for left in (8.0, 5.0, 4.0, 1.0)] == [True, True, False, False]
    go.set()
    queue.close()


def test_what_a_request_gives_way_to_comes_next():
    queue, done, begun, go = WorkQueue(), [], Event(), Event()
    queue.submit(lambda: (begun.set(), go.wait(), queue.choose_next(8.0)), "a", size=8.0)
    begun.wait()
    sizes = {"b": 8.0, "c": 4.0, "d": 8.0}
    waiting = [queue.submit(lambda name=name: done.append(name), name, size=size) for name, size in sizes.items()]
    go.set()
    for each in waiting:
        each.result()
    assert done == ["c", "b", "d"]
    queue.close()


@pytest.mark.parametrize("running", [Priority.LIVE, Priority.IDLE])
def test_less_urgent_work_gives_way_to_what_is_more_urgent_alone(running):
    queue, begun, go = WorkQueue(), Event(), Event()
    queue.submit(lambda: (begun.set(), go.wait()), "a", running)
    begun.wait()
    for priority in reversed(Priority):
        queue.submit(lambda: None, "b", priority)
        assert queue.choose_next(1.0) == (priority < running)
    go.set()
    queue.close()


def test_idle_work_that_was_cancelled_is_not_begun():
    queue, done, begun, go = WorkQueue(), [], Event(), Event()
    queue.submit(lambda: (begun.set(), go.wait()))
    begun.wait()
    first, second = (queue.submit(lambda name=name: done.append(name), priority=Priority.IDLE) for name in "ab")
    assert first.cancel()
    go.set()
    second.result()
    assert done == ["b"]
    queue.close()
