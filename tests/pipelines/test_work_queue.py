"""The line of work: one at a time, in order."""

from threading import Event

from seedlab.pipelines.work_queue import Line


def test_work_is_done_in_the_order_of_coming_and_counted_while_it_waits():
    line, done, go = Line(), [], Event()
    first = line.join(lambda: (go.wait(), done.append(1)))
    second, third = (line.join(lambda number=number: done.append(number)) for number in (2, 3))
    assert [line.count_before(each) for each in (first, second, third)] == [0, 1, 2]
    go.set()
    third.result()
    assert done == [1, 2, 3]
    assert line.count_before(third) == 0
    line.close()


def test_who_leaves_the_line_is_not_waited_for():
    line, done, go = Line(), [], Event()
    line.join(go.wait)
    second, third = (line.join(lambda number=number: done.append(number)) for number in (2, 3))
    assert second.cancel()
    assert line.count_before(third) == 1
    go.set()
    third.result()
    assert done == [3]
    line.close()


def test_nothing_is_begun_after_close():
    line, done, go = Line(), [], Event()
    first = line.join(go.wait)
    second = line.join(lambda: done.append(2))
    line.close()
    go.set()
    first.result()
    assert second.cancelled()
    assert done == []
