"""Files on their way to workers that are no processes: to whom they are sent, and what ends it."""

import threading
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from seedlab.core.recipes.additions import Lora
from seedlab.core.reports import Failed, Finished, Waiting
from seedlab.pipelines.loaded.hashes import hash_file
from seedlab.pipelines.ray import bundles, sender
from seedlab.pipelines.ray.messages import LostWorkerError
from seedlab.pipelines.ray.received import ReceivedFiles
from tests.pipelines.ray.fakes import EXAMINATION, FakeWorker, in_thread, make_batch, run, start, wait_until

SIZE = 5000
MUCH = 2**20
"""More bytes than Python reads ahead."""


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(bundles, "CHUNK_BYTES", 1000)
    monkeypatch.setattr(sender, "POLL_SECONDS", 0.01)


@pytest.fixture
def lora(tmp_path):
    file = tmp_path / "page" / "style.safetensors"
    file.parent.mkdir()
    file.write_bytes(bytes(SIZE))
    return Lora(file=str(file), sha256=hash_file(file), weight=1.0)


class DistantWorker(FakeWorker):
    """Sees none of the page's files; a test may do something at each chunk."""

    def __init__(self, name, folder, host="attic", on_chunk=lambda worker: None, **options):
        super().__init__(name, replace(EXAMINATION, host=host), **options)
        self.files, self.on_chunk = ReceivedFiles(folder), on_chunk
        self.chunks, self.discarded = [], 0

    def lacks(self, bundle):
        return self.files.find(replace(bundle, path="/elsewhere/style.safetensors")) is None

    def receive(self, bundle, chunk):
        self.on_chunk(self)
        self.chunks.append(chunk)
        return self.files.receive(bundle, chunk)

    def discard(self):
        self.discarded += 1
        self.files.discard()


def are_made(reports, count=4):
    return [type(report) for report in reports.values()] == [Finished] * count


def test_a_file_is_sent_once_in_small_chunks_and_then_used(tmp_path, lora):
    worker = DistantWorker("a", tmp_path / "a")
    with start(worker) as pool:
        assert are_made(run(pool, make_batch(4, loras=(lora,))))
        assert are_made(run(pool, make_batch(4, loras=(lora,))))
    assert [len(chunk.data) for chunk in worker.chunks] == [1000] * 5
    assert not worker.discarded


def test_nothing_is_sent_to_a_worker_that_has_the_file(tmp_path, lora):
    worker = DistantWorker("a", tmp_path / "a")
    worker.lacks = lambda bundle: worker.files.find(bundle) is None  # it sees the page's own
    with start(worker) as pool:
        assert are_made(run(pool, make_batch(4, loras=(lora,))))
    assert not worker.chunks


def test_a_machine_receives_a_file_once_for_all_its_workers(tmp_path, lora):
    meeting = threading.Barrier(2, timeout=10)

    def meet(worker):
        if not worker.chunks:
            meeting.wait()  # both machines receive it at the same time

    attic = [DistantWorker(name, tmp_path / "attic", "attic", meet) for name in "ab"]
    cellar = [DistantWorker(name, tmp_path / "cellar", "cellar", meet) for name in "cd"]
    bundle, sending = bundles.describe(Path(lora.file), is_model=False), sender.Sender()
    joins = [in_thread(send, sending, bundle, worker) for worker in (*attic, *cellar)]
    assert [join() for join in joins] == [""] * 4
    for workers in (attic, cellar):
        assert sorted(len(worker.chunks) for worker in workers) == [0, 5]
        assert not any(worker.lacks(bundle) for worker in workers)
    assert not sending._locks


def send(sending, bundle, worker):
    return sending.send(bundle, worker, worker.examination.host, lambda: False, lambda sentence: None)


def test_who_waits_learns_what_is_sent(tmp_path, lora):
    gate = Event()
    worker = DistantWorker("a", tmp_path / "a", on_chunk=lambda worker: gate.wait(10))
    seen = []
    with start(worker) as pool:
        for report in pool.run(make_batch(1, loras=(lora,)), Event()):
            seen.append(report)
            if isinstance(report, Waiting) and report.sentence.startswith("Sending"):
                gate.set()
    assert Waiting(0, "Sending “style.safetensors” to a worker: 0 of 5 kB…") in seen
    assert isinstance(seen[-1], Finished)


def test_stop_ends_a_transfer_after_its_chunk(tmp_path, lora):
    stop, begun, gate = Event(), Event(), Event()

    def wait(_worker):
        begun.set()
        gate.wait(10)

    worker = DistantWorker("a", tmp_path / "a", on_chunk=wait)
    with start(worker) as pool:
        join = in_thread(run, pool, make_batch(4, loras=(lora,)), stop)
        assert begun.wait(10)
        stop.set()
        assert Finished not in map(type, join().values())
        gate.set()
        wait_until(lambda: not pool._dispatcher.list_running())
        assert (len(worker.chunks), worker.discarded, worker.tasks) == (1, 1, [])
        assert list((tmp_path / "a").iterdir()) == []
        assert are_made(run(pool, make_batch(4, loras=(lora,))))


def test_the_tiles_of_a_worker_that_is_lost_while_it_is_sent_a_file_are_made_elsewhere(tmp_path, lora):
    def lose(worker):
        if worker.chunks:
            raise LostWorkerError

    lost = DistantWorker("a", tmp_path / "a", "attic", lose, returns=False)
    other = DistantWorker("b", tmp_path / "b", "attic", seconds=0.02)
    with start(lost, other) as pool:
        wait_until(lambda: pool._dispatcher._idle == 2)
        assert are_made(run(pool, make_batch(4, loras=(lora,))))
    assert len(lost.chunks) == 1
    assert not lost.tasks
    assert [len(chunk.data) for chunk in other.chunks] == [1000] * 5


def test_a_worker_that_cannot_keep_a_file_leaves_the_work_to_others(tmp_path, lora):
    (tmp_path / "full").touch()
    full, good = DistantWorker("full", tmp_path / "full"), DistantWorker("good", tmp_path / "good", seconds=0.01)
    with start(full, good) as pool:
        assert are_made(run(pool, make_batch(4, loras=(lora,))))
    assert not full.tasks
    with start(DistantWorker("full", tmp_path / "full")) as pool:
        reports = run(pool, make_batch(2, loras=(lora,)))
    for report in reports.values():
        assert report.sentence.endswith("has no room for “style.safetensors”: free some space there.")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda file: file.write_bytes(b"other"), "has changed since it was chosen: use the original file."),
        (lambda file: file.unlink(), "does not exist any more: choose another."),
    ],
)
def test_what_has_changed_on_the_pages_machine_is_a_sentence_before_any_work(tmp_path, lora, change, sentence):
    change(tmp_path / "page" / "style.safetensors")
    worker = DistantWorker("a", tmp_path / "a")
    with start(worker) as pool:
        assert run(pool, make_batch(1, loras=(lora,))) == {0: Failed(0, f"The LoRA “style.safetensors” {sentence}")}
    assert not worker.chunks
    assert not worker.tasks


def test_a_file_that_is_shortened_while_it_is_sent_is_a_sentence(tmp_path, lora, monkeypatch):
    def shorten(_worker):
        file.write_bytes(b"")

    file = Path(lora.file)
    file.write_bytes(bytes(3 * MUCH))
    lora = replace(lora, sha256=hash_file(file))
    monkeypatch.setattr(bundles, "CHUNK_BYTES", MUCH)
    worker = DistantWorker("a", tmp_path / "a", on_chunk=shorten)
    with start(worker) as pool:
        (report,) = run(pool, make_batch(1, loras=(lora,))).values()
    assert report == Failed(0, "“style.safetensors” was changed while it was sent to a worker: try again.")
    assert worker.discarded == 1
