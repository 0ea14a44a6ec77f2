"""The cluster's executor with workers that are no processes: who makes what, and what happens when one is lost."""

import threading
import time
from contextlib import closing
from dataclasses import replace
from threading import Event

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.memory import Memory
from seedlab.core.models.fit import Fit
from seedlab.core.models.model import ResolvedModel
from seedlab.core.priority import Priority
from seedlab.core.reports import Failed, Finished, Progress, Waiting
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.ray import executor
from seedlab.pipelines.ray import pool as pools
from seedlab.pipelines.ray.executor import ClusterExecutor
from seedlab.pipelines.ray.messages import LostWorkerError, Unfit
from tests.examples import ENVIRONMENT, MODEL, RECIPE
from tests.pipelines.ray.fakes import (
    EXAMINATION,
    FakeCluster,
    FakeWorker,
    finish_all,
    in_thread,
    lose,
    make_batch,
    run,
    start,
    wait_until,
)


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(pools, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(executor, "LOOK_SECONDS", 0.01)


def test_a_round_is_divided_between_the_idle_workers():
    workers = [FakeWorker(name, seconds=0.02) for name in "ab"]
    with start(*workers) as pool:
        assert {type(report) for report in run(pool, make_batch(4)).values()} == {Finished}
    assert sorted(len(task) for worker in workers for task in worker.tasks) == [2, 2]


def test_recipes_of_other_kinds_are_made_by_other_workers_at_the_same_time():
    meeting = threading.Barrier(2, timeout=10)

    def meet(_worker, task):
        meeting.wait()
        yield finish_all(task)

    batch = make_batch(2)
    batch = replace(batch, recipes={0: batch.recipes[0], 1: replace(batch.recipes[1], guidance_scale=5.0)})
    with start(FakeWorker("a", act=meet), FakeWorker("b", act=meet)) as pool:
        assert {type(report) for report in run(pool, batch).values()} == {Finished}


def test_no_task_is_larger_than_one_call_of_the_pipeline():
    worker = FakeWorker("a")
    with start(worker) as pool:
        run(pool, make_batch(9))
    assert list(map(len, worker.tasks)) == [4, 4, 1]


@pytest.mark.parametrize("after", [0, 1])
def test_the_tiles_of_a_lost_worker_are_made_by_another_one(after):
    lost, other = FakeWorker("a", act=lose(after), returns=False), FakeWorker("b", seconds=0.02)
    with start(lost, other) as pool:
        last = run(pool, make_batch(4))
        wait_until(lambda: len(pool._admission.admitted) == 1)
    assert {type(report) for report in last.values()} == {Finished}
    assert lost.released.is_set()


def test_a_lost_worker_is_examined_and_used_again():
    worker = FakeWorker("a", act=lose())
    with start(worker) as pool:
        assert {type(report) for report in run(pool, make_batch(2)).values()} == {Finished}
    assert worker.examined == 2
    assert worker.tasks == [(0, 1), (0, 1)]


def test_what_others_cannot_make_waits_for_a_worker_that_is_started_again():
    refused = Event()

    def refuse(_worker, _task):
        refused.set()
        yield Unfit("The worker on attic has another file.")

    def examine():
        assert refused.wait(10)
        time.sleep(3 * executor.STOP_SECONDS)  # as a process takes to start again
        return EXAMINATION

    able, odd = FakeWorker("able", act=lose()), FakeWorker("odd", act=refuse)
    with start(able, odd) as pool:
        able.examine = examine
        assert {type(report) for report in run(pool, make_batch(1)).values()} == {Finished}


def test_a_tile_that_every_worker_is_lost_with_fails_with_a_sentence():
    def die(_worker, _task):
        raise LostWorkerError
        yield

    with start(FakeWorker("a", act=die)) as pool:
        (report,) = run(pool, make_batch(1)).values()
    assert report == Failed(
        0, "3 workers ended while they made this picture: it may need more memory than they have. Try a smaller size."
    )


def test_a_late_worker_is_used_from_the_next_batch_on():
    cluster = FakeCluster(FakeWorker("a"))
    pool = ClusterExecutor(cluster)
    try:
        run(pool, make_batch(1))
        late = FakeWorker("late", seconds=0.02)
        cluster.workers = [late]
        wait_until(lambda: len(pool._admission.admitted) == 2)
        run(pool, make_batch(8))
        assert late.tasks
    finally:
        pool.close()
    assert cluster.closed


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"environment": replace(ENVIRONMENT, threads=ENVIRONMENT.threads + 1)}, "threads 3 instead of 2"),
        ({"version": "2"}, "SeedLab 2 instead of 1"),
        ({"canary": "b" * 64}, "a test picture has other bytes there"),
    ],
)
def test_an_odd_worker_is_not_used_and_named(other, words, capsys):
    odd = FakeWorker("odd", replace(EXAMINATION, host="attic", **other))
    with start(FakeWorker("a")) as pool:
        pool._pool.add(odd)
        assert odd.released.wait(10)
        first = run(pool, make_batch(4))
        second = run(pool, make_batch(1))
    sentence = f"The worker on attic is not used: {words}."
    assert odd.tasks == []
    assert capsys.readouterr().err == f"{sentence}\n"
    assert [report.notice for report in first.values()].count(sentence) == 1
    assert second[0].notice == ""


def test_strangers_do_not_learn_which_workers_are_not_used():
    odd = FakeWorker("odd", replace(EXAMINATION, canary="b" * 64))
    with start(FakeWorker("a"), names_workers=False) as pool:
        pool._pool.add(odd)
        assert odd.released.wait(10)
        assert run(pool, make_batch(1))[0].notice == ""


def test_stop_ends_the_work_and_the_worker_is_idle_again():
    begun, stop = Event(), Event()

    def work(worker, task):
        begun.set()
        while task.name not in worker.stopped:
            time.sleep(0.005)
            yield (Progress(0, 1, 50, None),)

    worker = FakeWorker("a", act=work)
    with start(worker) as pool:
        join = in_thread(run, pool, make_batch(4), stop)
        assert begun.wait(10)
        begin = time.monotonic()
        stop.set()
        assert Finished not in map(type, join().values())
        assert time.monotonic() - begin < 10
        worker.act = None
        assert {type(report) for report in run(pool, make_batch(4)).values()} == {Finished}


def test_closing_the_generator_ends_the_work():
    worker = FakeWorker("a", seconds=0.05)
    with start(worker) as pool:
        reports = pool.run(make_batch(4), Event())
        while not isinstance(next(reports), Finished):
            pass
        reports.close()
        wait_until(lambda: not pool._dispatcher.list_running())
    assert len(worker.stopped) == 1


def test_a_worker_with_other_files_leaves_the_work_to_others():
    def refuse(_worker, _task):
        yield Unfit("The worker on attic has another file “style.safetensors”: copy the page's file there.")

    odd, good = FakeWorker("odd", act=refuse), FakeWorker("good", seconds=0.01)
    with start(odd, good) as pool:
        assert {type(report) for report in run(pool, make_batch(4)).values()} == {Finished}
    with start(FakeWorker("odd", act=refuse)) as pool:
        reports = run(pool, make_batch(2))
    assert {report.sentence for report in reports.values()} == {
        "The worker on attic has another file “style.safetensors”: copy the page's file there."
    }


def test_a_worker_whose_first_step_with_a_model_differs_makes_no_picture_of_it():
    odd = FakeWorker("odd", digest="d" * 64)
    with start(FakeWorker("good")) as pool:
        run(pool, make_batch(1))
        pool._pool.add(odd)
        wait_until(lambda: len(pool._admission.admitted) == 2)
        while len(odd.tasks) < 2:  # of two jobs
            assert {type(report) for report in run(pool, make_batch(4)).values()} == {Finished}
    assert len(odd.stopped) == len(odd.tasks), "it is told to leave the pictures unmade"


def test_workers_are_compared_by_the_same_step_whatever_visitors_ask_for():
    names = set()

    def note(worker, task):
        names.add(task.canary_name)
        yield finish_all(task)

    with start(FakeWorker("a", act=note)) as pool:
        for changes in ({}, {"num_inference_steps": 20}, {"negative_prompt": "red"}, {"scheduler": "DDIMScheduler"}):
            run(pool, make_batch(1, **changes, vae_tiling=True, generator_device="cuda"))
        assert len(names) == 1
        run(pool, make_batch(1, width=64))
        run(pool, make_batch(1, dtype="bfloat16"))
        assert len(names) == 3, "other sizes and dtypes may be computed by other kernels"


def test_other_files_at_the_same_place_are_another_model_to_compare_by(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"old")
    model = replace(MODEL, model_id=str(tmp_path))
    batch = replace(make_batch(1, model_id=model.model_id), model=ResolvedModel.of(model, "float32"))
    worker = FakeWorker("a")
    with start(worker) as pool:
        run(pool, batch)
        (tmp_path / "model.safetensors").write_bytes(b"newer")
        worker.digest = "d" * 64  # as it computes with these
        assert type(run(pool, batch)[0]) is Finished


def test_visitors_take_turns():
    order, gate = [], Event()

    def work(_worker, task):
        gate.wait(10)
        order.append(next(iter(task.recipes.values())).prompt)
        yield finish_all(task)

    with start(FakeWorker("a", act=work)) as pool:
        joins = [in_thread(run, pool, make_batch(16, "much", prompt="much"))]
        wait_until(lambda: pool._dispatcher.list_running())
        for name in ("x", "y"):
            joins.append(in_thread(run, pool, make_batch(4, name, prompt=name)))
            wait_until(lambda name=name: name in pool._dispatcher._jobs)
        gate.set()
        for join in joins:
            join()
    assert order == ["much", "x", "y", "much", "much", "much"]


def test_who_waits_learns_why():
    gate = Event()

    def work(_worker, task):
        gate.wait(10)
        yield finish_all(task)

    with start(FakeWorker("a", act=work)) as pool:
        first = in_thread(run, pool, make_batch(8, "first"))
        wait_until(lambda: pool._dispatcher.list_running())
        second = pool.run(make_batch(1, "second"), Event())
        assert next(second) == Waiting(0, "1 batch before this one")
        gate.set()
        assert [type(report) for report in second][-1] is Finished
        first()
    pool = ClusterExecutor(FakeCluster())
    try:
        assert next(pool.run(make_batch(1), Event())) == Waiting(0, "Starting the workers…")
    finally:
        pool.close()


def test_a_cluster_that_cannot_be_joined_is_a_sentence_and_is_tried_again():
    cluster = FakeCluster(error=SeedLabError("The cluster at head:1 cannot be joined."))
    pool = ClusterExecutor(cluster)
    for _ in range(2):
        with pytest.raises(SeedLabError, match="The cluster at head:1 cannot be joined"):
            run(pool, make_batch(1))
    with pytest.raises(SeedLabError, match="The cluster at head:1 cannot be joined"):
        _ = pool.device
    cluster.error, cluster.workers = None, [FakeWorker("a")]
    assert pool.device == "cpu"
    assert type(run(pool, make_batch(1))[0]) is Finished
    assert pool.observe("w", "merged") == replace(ENVIRONMENT, weights="w", loras="merged")
    pool.close()


def test_a_worker_that_fails_ends_its_tiles_with_a_sentence():
    def fail(_worker, _task):
        raise ValueError("a bug")
        yield

    with start(FakeWorker("a", act=fail)) as pool:
        assert run(pool, make_batch(1))[0] == Failed(0, "A worker failed, and this picture was not made: try again.")


def test_a_page_without_a_gpu_uses_workers_that_have_one(tiny, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    gpu = replace(EXAMINATION, device="cuda", has_fast_bfloat16=True, memory=Memory(device=80 * 10**9, host=10**9))
    with closing(PipelineManager(executor=ClusterExecutor(FakeCluster(FakeWorker("a", gpu))))) as manager:
        assert manager.resolve(str(tiny)).dtype == "float16"
        assert manager.rate(manager.find_model("black-forest-labs/FLUX.1-dev")) is Fit.FITS
        assert not manager.is_short(replace(RECIPE, model_id=str(tiny), width=2048, height=2048))


@pytest.mark.parametrize(("is_fast", "dtype"), [(False, "float32"), (True, "bfloat16")])
def test_the_precision_is_what_suits_the_processors_of_the_workers(tiny, is_fast, dtype):
    worker = FakeWorker("a", replace(EXAMINATION, has_fast_bfloat16=is_fast))
    with closing(PipelineManager(executor=ClusterExecutor(FakeCluster(worker)))) as manager:
        assert manager.resolve(str(tiny)).dtype == dtype


def test_idle_batches_are_left_unmade():
    worker = FakeWorker("a")
    with start(worker) as pool:
        assert run(pool, replace(make_batch(4), priority=Priority.IDLE)) == {}
    assert not worker.tasks
