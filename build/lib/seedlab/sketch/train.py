"""Trains Sketch, stage by stage: corpus, autoencoder, latents, denoiser, export; "decoder" may come in between.

"judge" trains the network that `evaluate.py` examines with.

Every stage goes on where it was interrupted; `seedlab/sketch/MODEL_CARD.md` has the commands.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny, StableDiffusionPipeline
from transformers import CLIPTokenizer

from seedlab.sketch import autoencoder, corpus, denoiser, judge, training, wordpieces
from seedlab.sketch.coupling import couple
from seedlab.sketch.models import (
    SKETCH,
    Shape,
    assemble_pipeline,
    build_autoencoder,
    build_scheduler,
    build_text_encoder,
    build_unet,
    save_pipeline,
)

log = logging.getLogger(__name__)

AUTOENCODER_LOOP = training.Loop("autoencoder", 900, 1e-3, 2e-3, cooldown=0.6, averaging=0.99)
DECODER_LOOP = training.Loop("decoder", 1_000, 1e-3, 2e-3, averaging=0.998, cooldown=1.0)
DENOISER_LOOP = training.Loop("denoiser", 18_000, 1e-3, 2e-3)
JUDGE_LOOP = training.Loop("judge", 2_600, 1e-3, 2e-3, averaging=0.99)


@dataclass(frozen=True)
class Plan:
    """Everything that decides the trained weights, but for the machine."""

    folder: Path
    output: Path
    shape: Shape = SKETCH
    seed: int = 0
    pictures: int = 24_000
    tokenizer_captions: int = 5_000
    autoencoder_loop: training.Loop = AUTOENCODER_LOOP
    autoencoder_batch: int = 6
    decoder_loop: training.Loop = DECODER_LOOP
    denoiser_loop: training.Loop = DENOISER_LOOP
    denoiser_batch: int = 24
    judge_loop: training.Loop = JUDGE_LOOP
    judge_batch: int = 24
    start_from: str | None = None

    @property
    def corpus_path(self) -> Path:
        """Where the drawings are."""
        return self.folder / "pictures.npy"

    @property
    def latents_path(self) -> Path:
        """Where the drawings' latents are."""
        return self.folder / "latents.npy"

    def checkpoint(self, name: str) -> Path:
        """Where a network's training is kept."""
        return self.folder / f"{name}.pt"


def draw_corpus(plan: Plan) -> None:
    """Stage "corpus": the drawings."""
    corpus.draw_corpus(plan.corpus_path, plan.seed, plan.pictures, plan.shape.picture_size)


def train_autoencoder(plan: Plan, stop_at: int | None = None) -> training.Run:
    """Stage "autoencoder"."""
    pictures = corpus.load_corpus(plan.corpus_path)
    network = start_autoencoder(plan)
    if plan.start_from is not None:
        elder = AutoencoderTiny.from_pretrained(plan.start_from, subfolder="vae")
        network.load_state_dict(elder.state_dict())
    loss_at = autoencoder.make_loss(network, pictures, plan.seed, plan.autoencoder_batch)
    return training.train(network, loss_at, plan.autoencoder_loop, plan.checkpoint("autoencoder"), stop_at)


def start_autoencoder(plan: Plan) -> AutoencoderTiny:
    """The autoencoder before its first step."""
    torch.manual_seed(plan.seed)
    return build_autoencoder(plan.shape).to(memory_format=torch.channels_last)


def encode_latents(plan: Plan) -> None:
    """Stage "latents": what the autoencoder makes of the drawings."""
    network = load_autoencoder(plan, "autoencoder")
    autoencoder.encode_corpus(network, corpus.load_corpus(plan.corpus_path), plan.latents_path)


def load_autoencoder(plan: Plan, name: str) -> AutoencoderTiny:
    """The trained autoencoder (its averaged weights, rounded to float16 as they are shipped) of a stage."""
    network = start_autoencoder(plan)
    state = torch.load(plan.checkpoint(name), weights_only=True)
    network.load_state_dict({name: weight.half() for name, weight in state["average"].items()})
    return network


def train_decoder(plan: Plan, stop_at: int | None = None) -> training.Run:
    """Stage "decoder", which may be left out: goes on with the decoder alone, while the latents stay valid."""
    network = load_autoencoder(plan, "autoencoder")
    pictures = corpus.load_corpus(plan.corpus_path)
    loss_at = autoencoder.make_decoder_loss(network, pictures, plan.seed, plan.autoencoder_batch)
    return training.train(network, loss_at, plan.decoder_loop, plan.checkpoint("decoder"), stop_at)


def train_denoiser(plan: Plan, stop_at: int | None = None) -> training.Run:
    """Stage "denoiser": UNet and text encoder."""
    latents: autoencoder.Latents = np.load(plan.latents_path)
    tokenizer = learn_tokenizer(plan)
    network = start_denoiser(plan, tokenizer)
    if plan.start_from is not None:
        denoiser.borrow_weights(network, tokenizer, StableDiffusionPipeline.from_pretrained(plan.start_from))
    scale = choose_scaling_factor(latents)
    compositions = [corpus.make_scene(plan.seed, index).composition for index in range(len(latents))]
    pairs = couple(compositions, *latents.shape[1:3])
    loss_at = denoiser.make_loss(
        network, latents, scale, tokenizer, build_scheduler(), pairs, plan.seed, plan.denoiser_batch
    )
    return training.train(network, loss_at, plan.denoiser_loop, plan.checkpoint("denoiser"), stop_at)


def learn_tokenizer(plan: Plan) -> CLIPTokenizer:
    """The tokenizer; so quickly learned that it is not stored on the way."""
    captions = corpus.iterate_captions(plan.seed, plan.tokenizer_captions)
    return wordpieces.learn_tokenizer(captions, plan.shape.max_tokens)


def start_denoiser(plan: Plan, tokenizer: CLIPTokenizer) -> denoiser.Denoiser:
    """UNet and text encoder before their first step."""
    torch.manual_seed(plan.seed)
    unet = build_unet(plan.shape).to(memory_format=torch.channels_last)
    return denoiser.Denoiser(build_text_encoder(plan.shape, tokenizer), unet)


def choose_scaling_factor(latents: autoencoder.Latents) -> float:
    """What makes the latents' standard deviation 1, to four digits."""
    return round(1 / float(latents[:4096].astype(np.float64).std()), 4)


def train_judge(plan: Plan, stop_at: int | None = None) -> training.Run:
    """Stage "judge": writes `judge.safetensors` at its end."""
    torch.manual_seed(plan.seed)
    network = judge.Judge()
    loss_at = judge.make_loss(network, corpus.load_corpus(plan.corpus_path), plan.seed, plan.judge_batch)
    run = training.train(network, loss_at, plan.judge_loop, plan.checkpoint("judge"), stop_at)
    judge.save_judge(run.average, plan.folder / "judge.safetensors")
    return run


def export_pipeline(plan: Plan) -> None:
    """Stage "export": the averaged weights as a pipeline; it can be called while the denoiser is still training."""
    tokenizer = learn_tokenizer(plan)
    network = start_denoiser(plan, tokenizer)
    state = torch.load(plan.checkpoint("denoiser"), weights_only=True)
    network.load_state_dict(state["average"])
    decoder = load_autoencoder(plan, "decoder" if plan.checkpoint("decoder").exists() else "autoencoder")
    decoder.register_to_config(scaling_factor=choose_scaling_factor(np.load(plan.latents_path, mmap_mode="r")))
    save_pipeline(assemble_pipeline(decoder, tokenizer, network.text_encoder, network.unet), plan.output)
    log.info("exported step %d to %s", state["step"], plan.output)


STAGES: dict[str, Callable[[Plan], object]] = {
    "corpus": draw_corpus,
    "latents": encode_latents,
    "export": export_pipeline,
}
TRAINING_STAGES: dict[str, Callable[[Plan, int | None], object]] = {
    "autoencoder": train_autoencoder,
    "denoiser": train_denoiser,
    "decoder": train_decoder,
    "judge": train_judge,
}


def main() -> None:
    """Runs the stage that the command line names."""
    parser = argparse.ArgumentParser(description="Trains Sketch.")
    parser.add_argument("--stage", choices=(*STAGES, *TRAINING_STAGES), required=True)
    parser.add_argument("--folder", type=Path, required=True, help="for drawings and checkpoints; about 6 GB")
    parser.add_argument("--output", type=Path, default=Path("seedlab/sketch/weights"))
    words = "the folder of an earlier Sketch with whose weights the autoencoder and the denoiser begin"
    parser.add_argument("--start-from", help=words)
    parser.add_argument("--stop-at", type=int, help="a training stage's last step for now; later runs go on from it")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    plan = Plan(arguments.folder, arguments.output, start_from=arguments.start_from)
    if arguments.stage in STAGES:
        STAGES[arguments.stage](plan)
    else:
        TRAINING_STAGES[arguments.stage](plan, arguments.stop_at)


if __name__ == "__main__":
    main()
