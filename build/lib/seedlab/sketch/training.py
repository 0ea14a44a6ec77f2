"""One training loop for all of Sketch's networks: repeatable, and resumable without a trace.

What happens in step k depends on the seed, on k, and on the weights; never on how often the run was interrupted.
A step's batch comes in shards, each worked on by one thread: coarse pieces keep their pace on a busy machine, where
the threads of one small operation would wait for each other.
"""

from __future__ import annotations

import copy
import logging
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from seedlab.sketch.muon import Muon

log = logging.getLogger(__name__)

LossAt = Callable[[int, int], Tensor]


@dataclass(frozen=True)
class Loop:
    """How a network is trained: AdamW's rate, Muon's rate (for hidden matrices), and when they rise and fall.

    `cooldown` is the share of the steps, at the end, over which the rates fall; a step's loss is the mean of `shards`.
    """

    name: str
    steps: int
    learning_rate: float
    matrix_rate: float
    warmup: int = 100
    cooldown: float = 0.3
    averaging: float = 0.999
    weight_decay: float = 0.01
    save_every: int = 300
    log_every: int = 50
    shards: int = 2


class Run:
    """A network in training: its weights, their moving average, the optimizers, and the number of steps done."""

    def __init__(self, network: nn.Module, loop: Loop) -> None:
        self.network = network
        self.loop = loop
        self.average = copy.deepcopy(network).requires_grad_(False)
        self.optimizers = build_optimizers(network, loop)
        self.threads = ThreadPoolExecutor(loop.shards)
        self.step = 0

    def advance(self, loss_at: LossAt) -> float:
        """One step of training; gives the loss before it."""
        share = choose_share(self.loop, self.step)
        loss = self._collect_gradients(loss_at)
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["full_rate"] * share
        # Muon's share of a step is large enough to be worth a thread for each part.
        list(self.threads.map(lambda optimizer: optimizer.step(), self.optimizers))
        self.step += 1
        self._update_average()
        return loss

    def _collect_gradients(self, loss_at: LossAt) -> float:
        weights = [weight for weight in self.network.parameters() if weight.requires_grad]

        def differentiate(shard: int) -> tuple[float, tuple[Tensor | None, ...]]:
            loss = loss_at(self.step, shard)
            return loss.item(), torch.autograd.grad(loss, weights, allow_unused=True)

        results = list(self.threads.map(differentiate, range(self.loop.shards)))
        for weight, *parts in zip(weights, *(gradients for _, gradients in results), strict=True):
            known = [part for part in parts if part is not None]
            weight.grad = torch.stack(known).mean(0) if known else None
        return sum(loss for loss, _ in results) / len(results)

    def _update_average(self) -> None:
        # early on the average must not remember the random start
        keep = min(self.loop.averaging, self.step / (self.step + 10))
        with torch.no_grad():
            pairs = zip(self.average.parameters(), self.network.parameters(), strict=True)
            for mean, weight in pairs:
                mean.lerp_(weight, 1 - keep)

    def save(self, path: Path) -> None:
        """Writes everything that goes on from here; a crash in between leaves the older file."""
        state = {
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }
        partial = path.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(path)

    def restore(self, path: Path) -> None:
        """Goes back to what `save` wrote."""
        state = torch.load(path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        for optimizer, content in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(content)
        self.step = state["step"]


def build_optimizers(network: nn.Module, loop: Loop) -> tuple[torch.optim.Optimizer, ...]:
    """Muon, one for each shard, for matrices and convolutions; AdamW for the rest: embeddings, gains and biases."""
    embeddings = {id(part.weight) for part in network.modules() if isinstance(part, nn.Embedding)}
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    matrices = [weight for weight in weights if weight.ndim > 1 and id(weight) not in embeddings]
    others = [weight for weight in weights if weight.ndim <= 1 or id(weight) in embeddings]
    adam = torch.optim.AdamW(others, lr=loop.learning_rate, betas=(0.9, 0.99), weight_decay=0.0, fused=True)
    muons = [Muon(part, loop.matrix_rate, weight_decay=loop.weight_decay) for part in share_out(matrices, loop.shards)]
    for optimizer in (*muons, adam):
        for group in optimizer.param_groups:
            group["full_rate"] = group["lr"]
    return (*muons, adam)


def share_out(weights: list[nn.Parameter], parts: int) -> list[list[nn.Parameter]]:
    """The weights in about equally heavy parts, none of them empty if there are enough; the largest first."""
    shares: list[list[nn.Parameter]] = [[] for _ in range(parts)]
    for weight in sorted(weights, key=lambda weight: weight.numel(), reverse=True):
        min(shares, key=lambda share: sum(each.numel() for each in share)).append(weight)
    return [share for share in shares if share]


def choose_share(loop: Loop, step: int) -> float:
    """The share of its rate that a step uses: a linear warm-up, a plateau, and half a cosine down to nothing."""
    start = loop.steps * (1 - loop.cooldown)
    through = min(1.0, max(0.0, (step - start) / max(1.0, loop.steps - start)))
    fall = 0.5 + 0.5 * math.cos(math.pi * through)
    return min(1.0, (step + 1) / max(1, loop.warmup)) * fall


def seed_step(seed: int, name: str, step: int, shard: int) -> torch.Generator:
    """The source of all chance in one shard of a step."""
    number = int.from_bytes(name.encode(), "big") % 1_000_003
    return torch.Generator().manual_seed((seed * 1_000_003 + number) * 10_000_019 + step + shard * 1_000_003)


def train(network: nn.Module, loss_at: LossAt, loop: Loop, checkpoint: Path, stop_at: int | None = None) -> Run:
    """Trains until `loop.steps`, or for now until `stop_at`, going on from the checkpoint if there is one."""
    with settled_torch():
        return _train(Run(network, loop), loss_at, checkpoint, stop_at)


@contextmanager
def settled_torch() -> Iterator[None]:
    """Deterministic kernels, one thread a kernel, and, as its backward pass is faster on the CPU, plain attention."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    flash = torch.backends.cuda.flash_sdp_enabled()  # type: ignore[no-untyped-call]
    torch.use_deterministic_algorithms(True)
    # That also fills all memory before its first use, which no kernel here needs: a fifth of a step's time.
    fill = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.set_num_threads(1)
    torch.backends.cuda.enable_flash_sdp(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(strict)
        torch.utils.deterministic.fill_uninitialized_memory = fill  # type: ignore[attr-defined]
        torch.set_num_threads(threads)
        torch.backends.cuda.enable_flash_sdp(flash)


def _train(run: Run, loss_at: LossAt, checkpoint: Path, stop_at: int | None) -> Run:
    loop = run.loop
    if checkpoint.exists():
        run.restore(checkpoint)
    started, first = time.monotonic(), run.step
    losses: list[float] = []
    last = loop.steps if stop_at is None else min(stop_at, loop.steps)
    while run.step < last:
        losses.append(run.advance(loss_at))
        if run.step % loop.log_every == 0:
            pace = (run.step - first) / (time.monotonic() - started)
            log.info(
                "%s %d/%d loss %.5f, %.2f steps/s", loop.name, run.step, loop.steps, sum(losses) / len(losses), pace
            )
            losses.clear()
        if run.step % loop.save_every == 0:
            run.save(checkpoint)
    run.save(checkpoint)
    return run
