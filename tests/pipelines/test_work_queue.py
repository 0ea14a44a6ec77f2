"""The line of work: one at a time, in order."""

from threading import Event

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
    queue, done, go = WorkQueue(), [], Event()
    first = queue.submit(go.wait)
    second = queue.submit(lambda: done.append(2))
    queue.close()
    go.set()
    first.result()
    assert second.cancelled()
    assert done == []
