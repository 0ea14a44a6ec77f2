"""Visitors take turns by time: long work gives way at a step's end, and its pictures keep their bytes."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from threading import Event

import pytest

from seedlab.core.priority import Priority
from seedlab.core.reports import Failed, Finished, Progress
from seedlab.pipelines import turns
from seedlab.pipelines.batches.work import Work, WorkLeft
from seedlab.pipelines.executor import Batch
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.turns import TurnClock
from tests.pipelines.builders import make_recipe
from tests.pipelines.plain import hash_pixels
from tests.pipelines.queues import count_waiting, hold, hold_late_steps, wait_for_queue, wait_until_still, watch_steps
from tests.rounds import seed_round

STEPS = 50


@pytest.fixture
def long(tiny):
    return make_recipe(tiny, num_inference_steps=STEPS, scheduler="DPMSolverMultistepScheduler SDE")


@pytest.fixture
def short_turns(monkeypatch):
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.02)


def run(manager, recipes, visitor=None, stop=None, begun=None, **options) -> list:
    reports = []
    for report in manager.generate(recipes, stop or Event(), visitor, **options):
        reports.append(report)
        if begun is not None and isinstance(report, Progress):
            begun.set()
    return reports


def start(pool, manager, recipes, visitor, stop=None, **options):
    """Start work in another thread, and wait for its first step."""
    begun = Event()
    future = pool.submit(run, manager, recipes, visitor, stop, begun, **options)
    assert begun.wait(30)
    return future


def read_ends(reports) -> dict:
    return {each.index: each for each in reports if isinstance(each, Finished | Failed)}


def read_hashes(reports) -> list[tuple]:
    return [(end.checksums, hash_pixels(end.image)) for _, end in sorted(read_ends(reports).items())]


def hold_second(manager, until):
    """Let the second of two long works wait in its last steps until a condition is true; and the first for it."""
    (loaded,) = manager._executor._cache._loaded.values()
    seen: list[float] = []
    loaded.pipeline.unet.register_forward_pre_hook(lambda _, args: seen.append(float(args[1])))
    is_second = lambda: seen.count(seen[0]) == 2  # noqa: E731
    return hold_late_steps(manager, lambda: until() or (not is_second() and count_waiting(manager) > 0))


@pytest.mark.parametrize("count", [1, 4], ids=["a picture", "a batch"])
def test_long_work_gives_way_and_keeps_its_bytes(manager, long, short_turns, count):
    recipes = seed_round(long, range(count))
    whole = read_hashes(run(manager, recipes))
    rows = watch_steps(manager)
    short = [replace(long, num_inference_steps=2, prompt="a boat", seed=seed) for seed in range(3)]
    with ThreadPoolExecutor(1) as other:
        with hold_late_steps(manager):
            theirs = start(other, manager, recipes, "a")
            for recipe in short:
                assert isinstance(run(manager, [recipe], "b")[-1], Finished)
                assert not theirs.done(), "nobody waits for its end"
        reports = theirs.result()
    assert read_hashes(reports) == whole
    assert sum(rows) == 2 * count * STEPS + 2 * 2 * len(short), "no step was taken twice"
    for index in range(count):
        steps = [each.step for each in reports if isinstance(each, Progress) and each.index == index]
        assert all(before <= after for before, after in pairwise(steps)), "progress never goes back"


def test_work_of_the_same_size_is_done_one_after_another(manager, long, short_turns):
    """If it took turns, all visitors of a crowd would wait for the last one's."""
    run(manager, [replace(long, num_inference_steps=1)])
    rows, done = watch_steps(manager), {}

    def visit(number: int) -> None:
        run(manager, [replace(long, seed=number)], number)
        done[number] = len(rows)

    with ThreadPoolExecutor(4) as visitors, hold(manager):
        for number in range(4):
            visitors.submit(visit, number)
            wait_for_queue(manager, number + 1)
    assert [*done] == [0, 1, 2, 3]
    assert done[0] < 1.5 * STEPS, "before the others had taken turns"


def test_paused_work_counts_with_what_is_left_of_it(long):
    model = PipelineManager(device="cpu").resolve(long.model_id)
    batch = Batch(model=model, recipes={0: long, 1: replace(long, seed=1)})
    left = WorkLeft(Work(batch=batch))
    whole = left.size
    assert whole == 2 * STEPS * long.width * long.height
    left.note(Progress(0, STEPS // 2, STEPS, None))
    assert left.size == whole * 3 / 4
    left.note(Failed(1, ""))
    assert left.size == whole / 4
    assert WorkLeft(Work(batch=replace(batch, draft_steps=5))).size == whole / 10


def test_stop_ends_paused_work_and_the_others_go_on(manager, long, short_turns):
    run(manager, [replace(long, num_inference_steps=1)])
    stop = Event()
    with ThreadPoolExecutor(2) as visitors, hold_second(manager, stop.is_set):
        mine = start(visitors, manager, [long], "a", stop)
        theirs = start(visitors, manager, [replace(long, num_inference_steps=STEPS // 2)], "b")
        assert not any(each.done() for each in (mine, theirs))
        stop.set()
        assert read_ends(mine.result(timeout=20)) == {}
        assert isinstance(read_ends(theirs.result())[0], Finished)


def test_a_failure_ends_only_its_own_tile(manager, long, short_turns):
    whole = read_hashes(run(manager, [long]))
    with ThreadPoolExecutor(1) as other:
        theirs = start(other, manager, [long], "a")
        mine = run(manager, [replace(long, prompt="x" * 9_000), replace(long, num_inference_steps=1)], "b")
        assert [type(end) for _, end in sorted(read_ends(mine).items())] == [Failed, Finished]
        assert read_hashes(theirs.result()) == whole


def test_work_of_which_nobody_receives_the_reports_pauses_until_somebody_does(manager, long, monkeypatch):
    monkeypatch.setattr(turns, "UNHEARD_SECONDS", 0.1)
    whole = read_hashes(run(manager, [long]))
    rows = watch_steps(manager)
    with closing(manager.generate([long], Event())) as reports:
        next(report for report in reports if isinstance(report, Progress))
        assert wait_until_still(rows) < STEPS
        assert read_hashes(reports) == whole
    assert len(rows) == STEPS


def test_many_calls_of_one_visitor_do_not_slow_another(manager, tiny):
    recipe = make_recipe(tiny, num_inference_steps=6)
    run(manager, [recipe])
    done: list[str] = []

    def visit(name: str, seed: int) -> None:
        run(manager, [replace(recipe, seed=seed)], name)
        done.append(name)

    with ThreadPoolExecutor(19) as visitors, hold(manager):
        for seed in range(16):
            visitors.submit(visit, "a", seed)
        wait_for_queue(manager, 16)
        for seed in range(3):
            visitors.submit(visit, "b", seed)
        wait_for_queue(manager, 19)
    assert len(done) == 19
    assert done.index("b") <= 3
    assert len(done) - 1 - done[::-1].index("b") <= 9, "they take turns"


def test_live_work_gives_way_at_the_end_of_a_step_and_goes_on_when_nothing_waits(manager, long):
    run(manager, [replace(long, num_inference_steps=1)])
    with (
        ThreadPoolExecutor(1) as other,
        closing(manager.generate([long], Event(), "a", priority=Priority.LIVE)) as draft,
    ):
        with hold_late_steps(manager):
            next(report for report in draft if isinstance(report, Progress))
            rest = other.submit(list, draft)
            mine = run(manager, [replace(long, num_inference_steps=2, prompt="a boat")], "b")
            assert isinstance(mine[-1], Finished)
            assert not rest.done(), "its turn of two seconds is not used up, yet it gave way"
        assert isinstance(rest.result()[-1], Finished)


def test_idle_work_gives_way_even_to_its_own_visitor_and_keeps_its_bytes(manager, long):
    recipes = [replace(long, num_inference_steps=80)]
    whole = read_hashes(run(manager, recipes))
    rows = watch_steps(manager)
    with ThreadPoolExecutor(1) as other:
        short = replace(long, num_inference_steps=2, prompt="a boat")
        with hold_late_steps(manager):
            idle = start(other, manager, recipes, "a", priority=Priority.IDLE)
            assert isinstance(run(manager, [short], "a")[-1], Finished)
            assert not idle.done(), "its turn of two seconds was not over"
        assert read_hashes(idle.result()) == whole
    assert sum(rows) == 2 * (80 + 2), "no step was taken twice"


def test_no_model_is_loaded_for_idle_work(long):
    with closing(PipelineManager(device="cpu")) as manager:
        assert read_ends(run(manager, [long], priority=Priority.IDLE)) == {}
        assert not manager._executor._cache._loaded
        assert isinstance(run(manager, [long])[-1], Finished)
        assert isinstance(run(manager, [replace(long, seed=1)], priority=Priority.IDLE)[-1], Finished)


@pytest.mark.parametrize(("loading", "turn"), [(0.1, 2.0), (5.0, 5.0)])
def test_a_turn_lasts_as_long_as_the_model_took_to_load(monkeypatch, loading, turn):
    now = [100.0]
    monkeypatch.setattr(turns.time, "monotonic", lambda: now[0])
    clock = TurnClock()
    clock.start()
    now[0] += loading
    clock.note_loaded()
    now[0] += turn - 0.01
    assert not clock.is_used_up
    now[0] += 0.02
    assert clock.is_used_up


def test_work_is_unheard_after_a_while(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(turns.time, "monotonic", lambda: now[0])
    clock = TurnClock()
    assert clock.is_heard
    now[0] += turns.UNHEARD_SECONDS
    assert not clock.is_heard
    clock.hear()
    assert clock.is_heard


def test_closing_the_manager_ends_paused_work(long, short_turns):
    manager = PipelineManager(device="cpu")
    run(manager, [replace(long, num_inference_steps=1)])
    with ThreadPoolExecutor(2) as visitors, hold_second(manager, manager._executor._closed.is_set):
        both = [
            start(visitors, manager, [replace(long, num_inference_steps=steps)], steps) for steps in (STEPS, STEPS // 2)
        ]
        manager.close()
        assert [read_ends(each.result(timeout=20)) for each in both] == [{}, {}]


def test_a_caller_who_waits_gets_one_sign_of_life_where_nothing_is_new(shared_manager, long):
    recipes, stop, reports = seed_round(replace(long, prompt="a boat"), range(4)), Event(), []
    with hold(shared_manager):
        for report in shared_manager.generate(recipes, stop, "b"):
            reports.append(report)
            if len(reports) == 6:
                stop.set()
    assert [report.index for report in reports] == [0, 1, 2, 3, 0, 0]
