"""A thread for each worker: it is examined, gets tiles whenever it is idle, and is asked for again when it is lost."""

import logging
import sys
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from threading import Event, Lock, Thread
from typing import Protocol

from seedlab.core.errors import SeedLabError
from seedlab.core.models.model import ResolvedModel
from seedlab.core.recipes.additions import Lora
from seedlab.core.reports import Failed, Finished, Report, Waiting
from seedlab.pipelines.loaded.files import ModelFiles
from seedlab.pipelines.ray.admission import Admission, make_canary
from seedlab.pipelines.ray.bundles import list_bundles
from seedlab.pipelines.ray.dispatcher import Dispatcher, Job, Piece
from seedlab.pipelines.ray.messages import Canary, Examination, LostWorkerError, Message, Task, Unfit
from seedlab.pipelines.ray.sender import Receiver, Sender

LOGGER = logging.getLogger(__name__)
RETRY_SECONDS = 0.5
"""How long to wait before a lost worker is asked for again."""

OTHER_STEP = "The workers compute other bytes with this model: use workers on equal machines."

OTHER_FILES = "A worker has other files of this model: copy the page's there."

CLOSE_SECONDS = 3.0
"""How long closing waits for the workers."""

IDLE_SECONDS = 1.0
"""How often a worker without work looks whether it has to end."""

BROKEN = "A worker failed, and this picture was not made: try again."


class Worker(Receiver, Protocol):
    """A process that makes pictures. Every method may raise LostWorkerError."""

    @property
    def name(self) -> str:
        """Unique among the workers."""
        ...

    def examine(self) -> Examination:
        """Return what the worker is like; the first call takes seconds."""
        ...

    def make(self, task: Task) -> Generator[Message, None, None]:
        """Make pictures."""
        ...

    def stop(self, task: str) -> None:
        """End a task within one denoising step; returns at once."""
        ...

    def preload(self, address: str) -> None:
        """Load a model in the background; returns at once."""
        ...

    def release(self) -> None:
        """End the worker."""
        ...

    def may_return(self) -> bool:
        """Whether a lost worker is started again, because its machine is there."""
        ...


class WorkerPool:
    """The workers, and what they do."""

    def __init__(self, dispatcher: Dispatcher, admission: Admission) -> None:
        """Begin without workers."""
        self._dispatcher, self._admission = dispatcher, admission
        self._files, self._sender = ModelFiles(), Sender()
        self._closed = Event()
        self._lock = Lock()
        self._workers: dict[str, Worker] = {}
        self._sentences: list[str] = []
        self._threads: list[Thread] = []

    def add(self, worker: Worker) -> None:
        """Examine a worker, and let it work if its bytes are those of the others."""
        self._workers[worker.name] = worker
        thread = Thread(target=self._serve, args=[worker], name=f"worker {worker.name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self, pieces: Sequence[Piece]) -> None:
        """End the work on these pieces within one denoising step."""
        for piece in pieces:
            if (worker := self._workers.get(piece.worker)) is not None:
                with suppress(LostWorkerError):
                    worker.stop(piece.name)

    def preload(self, address: str) -> None:
        """Let all workers load a model."""
        for name in self._admission.admitted:
            with suppress(LostWorkerError, KeyError):
                self._workers[name].preload(address)

    def close(self) -> None:
        """Give the workers nothing more, and wait a moment for the end of what they do."""
        self._closed.set()
        self.stop(self._dispatcher.list_running())
        for thread in self._threads:
            thread.join(CLOSE_SECONDS / len(self._threads))

    def take_sentences(self) -> tuple[str, ...]:
        """Return why workers are not used, once."""
        with self._lock:
            taken, self._sentences = tuple(self._sentences), []
            return taken

    def _serve(self, worker: Worker) -> None:
        while not self._closed.is_set():
            try:
                examination = worker.examine()
                if sentence := self._admission.admit(worker.name, examination):
                    self._say(sentence)
                    break
                self._work(worker, examination)
            except LostWorkerError:  # it stays admitted: jobs that others cannot make wait for it
                if not worker.may_return():
                    break
                self._closed.wait(RETRY_SECONDS)
            except SeedLabError as error:
                self._say(f"A worker is not used. {error}")
                break
            except Exception:  # the edge: one worker must not end the others
                LOGGER.exception("A worker cannot be used.")
                self._say("A worker cannot be used: its log says why.")
                break
        self._admission.leave(worker.name)
        self._workers.pop(worker.name, None)
        with suppress(LostWorkerError):
            worker.release()

    def _say(self, sentence: str) -> None:
        sys.stderr.write(f"{sentence}\n")
        with self._lock:
            self._sentences.append(sentence)

    def _work(self, worker: Worker, examination: Examination) -> None:
        while not self._closed.is_set():
            piece = self._dispatcher.take(worker.name, examination.max_batch, IDLE_SECONDS)
            if piece is not None:
                self._make(piece, worker, examination.host)

    def _make(self, piece: Piece, worker: Worker, host: str) -> None:
        unfinished, lost = set(piece.recipes), False
        try:
            self._try(piece, worker, host, unfinished)
        except LostWorkerError:
            lost = True
            raise
        except SeedLabError as error:  # a file on this machine
            _fail(piece, unfinished, str(error))
        except Exception:
            LOGGER.exception("A worker failed.")
            _fail(piece, unfinished, BROKEN)
        finally:
            self._dispatcher.give_back(piece, sorted(unfinished), lost=lost)

    def _try(self, piece: Piece, worker: Worker, host: str, unfinished: set[int]) -> None:
        task = self._describe(piece)
        if sentence := self._send_files(task, piece, worker, host):
            piece.job.unfit[worker.name] = sentence
        elif not self._is_ended(piece):
            self._hear(task, piece, worker, unfinished)

    def _send_files(self, task: Task, piece: Piece, worker: Worker, host: str) -> str:
        """Send what the worker lacks; returns why it cannot keep it, or ""."""

        def report(sentence: str) -> None:
            for index in piece.recipes:
                piece.job.reports.put(Waiting(index, sentence))

        sentences = (
            self._sender.send(bundle, worker, host, lambda: self._is_ended(piece), report)
            for bundle in task.bundles.values()
        )
        return next(filter(None, sentences), "")

    def _is_ended(self, piece: Piece) -> bool:
        return self._closed.is_set() or piece.job.is_over or not piece.job.is_heard

    def _hear(self, task: Task, piece: Piece, worker: Worker, unfinished: set[int]) -> None:
        with closing(worker.make(task)) as messages:
            for message in messages:
                if sentence := self._find_misfit(message, task):
                    piece.job.unfit[worker.name] = sentence
                    worker.stop(piece.name)
                    break
                if isinstance(message, tuple):
                    _pass_on(message, piece, unfinished)
                if not piece.job.is_heard:
                    worker.stop(piece.name)

    def _find_misfit(self, message: Message, task: Task) -> str:
        """Return why the worker must not make these tiles; "" if it may."""
        if isinstance(message, Unfit):
            return message.sentence
        if isinstance(message, Canary):
            return "" if self._admission.agrees(message) else OTHER_STEP
        made = (report for report in message if isinstance(report, Finished))
        is_other = any(task.weights[each.index] not in ("", each.environment.weights) for each in made)
        return OTHER_FILES if is_other else ""

    def _describe(self, piece: Piece) -> Task:
        batch, first = piece.job.batch, next(iter(piece.recipes.values()))
        loras = {recipe.loras for recipe in piece.recipes.values()}
        hashes = {each: self._hash(batch.model, each) for each in (*loras, ())}  # looks at all files of the model
        canary = make_canary(batch.model, first)
        return Task(
            name=piece.name,
            recipes=piece.recipes,
            weights={index: hashes[recipe.loras] for index, recipe in piece.recipes.items()},
            canary=canary,
            canary_name=f"{canary.fingerprint} {hashes[()]}",
            draft_steps=batch.draft_steps,
            resume=batch.resume,
            inputs={index: batch.inputs[index] for index in piece.recipes if index in batch.inputs},
            bundles=list_bundles(batch.model, list(piece.recipes.values())),
        )

    def _hash(self, model: ResolvedModel, loras: tuple[Lora, ...]) -> str:
        """Return the hash of the files on this machine; "" if they cannot be read."""
        try:
            return self._files.hash(self._files.find(model), loras)
        except (SeedLabError, OSError):
            return ""


def _pass_on(reports: Sequence[Report], piece: Piece, unfinished: set[int]) -> None:
    for report in reports:
        if isinstance(report, Finished | Failed):
            unfinished.discard(report.index)
        piece.job.reports.put(report)


def _fail(piece: Piece, unfinished: set[int], sentence: str) -> None:
    for index in unfinished:
        piece.job.reports.put(Failed(index, sentence))
    unfinished.clear()


def find_reason(job: Job, admitted: frozenset[str]) -> str:
    """Return why none of the admitted workers can make a job; "" if one can."""
    reasons = [job.unfit[name] for name in sorted(admitted) if name in job.unfit]
    return reasons[0] if admitted and len(reasons) == len(admitted) else ""
