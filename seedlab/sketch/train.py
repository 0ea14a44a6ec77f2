"""Trains Sketch in stages: dataset, autoencoder, latents, denoiser, export.

The optional stage "decoder" comes after "latents". The stage "classifier" trains the network that `evaluate.py` uses.
The stages "larger" and "export-larger" continue the training of an earlier Sketch at several sizes.

The training stages resume from their last checkpoint. `seedlab/sketch/MODEL_CARD.md` lists the commands.
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

from seedlab.sketch import classifier, tokenizer
from seedlab.sketch.models import (
    SKETCH_CONFIG,
    ModelConfig,
    assemble_pipeline,
    build_autoencoder,
    build_scheduler,
    build_text_encoder,
    build_unet,
    save_pipeline,
)
from seedlab.sketch.training import autoencoder, dataset, denoiser, multi_size
from seedlab.sketch.training.coupling import build_coupling
from seedlab.sketch.training.trainer import Trainer, TrainingConfig, train

log = logging.getLogger(__name__)

AUTOENCODER_TRAINING = TrainingConfig("autoencoder", 900, 1e-3, 2e-3, cooldown=0.6, ema_decay=0.99)
DECODER_TRAINING = TrainingConfig("decoder", 1_000, 1e-3, 2e-3, ema_decay=0.998, cooldown=1.0)
DENOISER_TRAINING = TrainingConfig("denoiser", 18_000, 1e-3, 2e-3)
LARGER_TRAINING = TrainingConfig("larger", 2_700, 5e-4, 1e-3, cooldown=0.6)
CLASSIFIER_TRAINING = TrainingConfig("classifier", 2_600, 1e-3, 2e-3, ema_decay=0.99)

CLASSIFIER_FILE = "judge.safetensors"


@dataclass(frozen=True)
class TrainingArguments:
    """Everything that determines the trained weights, except the machine.

    Args:
        folder: The folder of the dataset, the latents and the checkpoints.
        output: The folder of the exported pipeline.
        larger_weight: The weight of the stage "larger" in the mean that is exported, 0...1.
        init_from: An earlier Sketch whose weights initialize the autoencoder and the denoiser. The stage "larger"
            needs it.
    """

    folder: Path
    output: Path
    model: ModelConfig = SKETCH_CONFIG
    seed: int = 0
    image_count: int = 24_000
    tokenizer_captions: int = 5_000
    autoencoder: TrainingConfig = AUTOENCODER_TRAINING
    autoencoder_batch_size: int = 6
    decoder: TrainingConfig = DECODER_TRAINING
    denoiser: TrainingConfig = DENOISER_TRAINING
    denoiser_batch_size: int = 24
    larger: TrainingConfig = LARGER_TRAINING
    larger_weight: float = 0.85
    sizes: tuple[multi_size.SizeConfig, ...] = multi_size.SIZES
    classifier: TrainingConfig = CLASSIFIER_TRAINING
    classifier_batch_size: int = 24
    init_from: str | None = None

    @property
    def dataset_path(self) -> Path:
        """The file of the images."""
        return self.folder / "pictures.npy"

    @property
    def latents_path(self) -> Path:
        """The file of the latents."""
        return self.folder / "latents.npy"

    def checkpoint(self, name: str) -> Path:
        """Return the checkpoint file of a training stage."""
        return self.folder / f"{name}.pt"


def render_dataset(arguments: TrainingArguments) -> None:
    """Stage "dataset": draw the images."""
    dataset.render_dataset(arguments.dataset_path, arguments.seed, arguments.image_count, arguments.model.image_size)


def train_autoencoder(arguments: TrainingArguments, stop_at: int | None = None) -> Trainer:
    """Stage "autoencoder"."""
    images = dataset.load_dataset(arguments.dataset_path)
    model = initialize_autoencoder(arguments)
    if arguments.init_from is not None:
        source = AutoencoderTiny.from_pretrained(arguments.init_from, subfolder="vae")
        model.load_state_dict(source.state_dict())
    loss = autoencoder.make_loss(model, images, arguments.seed, arguments.autoencoder_batch_size)
    return train(model, loss, arguments.autoencoder, arguments.checkpoint("autoencoder"), stop_at)


def initialize_autoencoder(arguments: TrainingArguments) -> AutoencoderTiny:
    """Build the untrained autoencoder."""
    torch.manual_seed(arguments.seed)
    return build_autoencoder(arguments.model).to(memory_format=torch.channels_last)


def encode_latents(arguments: TrainingArguments) -> None:
    """Stage "latents": encode the dataset with the trained autoencoder."""
    model = load_autoencoder(arguments, "autoencoder")
    autoencoder.encode_dataset(model, dataset.load_dataset(arguments.dataset_path), arguments.latents_path)


def load_autoencoder(arguments: TrainingArguments, stage: str) -> AutoencoderTiny:
    """Load the EMA weights of a stage, rounded to float16 as in the exported pipeline."""
    model = initialize_autoencoder(arguments)
    state = torch.load(arguments.checkpoint(stage), weights_only=True)
    model.load_state_dict({name: weight.half() for name, weight in state["ema"].items()})
    return model


def train_decoder(arguments: TrainingArguments, stop_at: int | None = None) -> Trainer:
    """Stage "decoder" (optional): continue training only the decoder, which keeps the latents valid."""
    model = load_autoencoder(arguments, "autoencoder")
    images = dataset.load_dataset(arguments.dataset_path)
    loss = autoencoder.make_decoder_loss(model, images, arguments.seed, arguments.autoencoder_batch_size)
    return train(model, loss, arguments.decoder, arguments.checkpoint("decoder"), stop_at)


def train_denoiser(arguments: TrainingArguments, stop_at: int | None = None) -> Trainer:
    """Stage "denoiser": train the UNet and the text encoder."""
    latents: autoencoder.Latents = np.load(arguments.latents_path)
    caption_tokenizer = train_tokenizer(arguments)
    model = initialize_denoiser(arguments, caption_tokenizer)
    if arguments.init_from is not None:
        source = StableDiffusionPipeline.from_pretrained(arguments.init_from)
        denoiser.load_matching_weights(model, caption_tokenizer, source)
    compositions = [dataset.make_scene(arguments.seed, index).composition for index in range(len(latents))]
    loss = denoiser.make_loss(
        model,
        latents,
        compute_scaling_factor(latents),
        caption_tokenizer,
        build_scheduler(),
        build_coupling(compositions, *latents.shape[1:3]),
        arguments.seed,
        arguments.denoiser_batch_size,
    )
    return train(model, loss, arguments.denoiser, arguments.checkpoint("denoiser"), stop_at)


def train_larger(arguments: TrainingArguments, stop_at: int | None = None) -> Trainer:
    """Stage "larger": continue the training of an earlier Sketch's UNet and text encoder at several sizes."""
    torch.manual_seed(arguments.seed)
    pipeline = StableDiffusionPipeline.from_pretrained(arguments.init_from)
    model = denoiser.Denoiser(pipeline.text_encoder, pipeline.unet.to(memory_format=torch.channels_last))
    loss = multi_size.make_loss(model, pipeline, arguments.folder, arguments.sizes, arguments.seed)
    return train(model, loss, arguments.larger, arguments.checkpoint("larger"), stop_at)


def export_larger(arguments: TrainingArguments) -> None:
    """Stage "export-larger": save a mean of the earlier Sketch's weights and the EMA weights of the stage "larger".

    It loses less of what the earlier one does well (Wortsman et al. 2022, arXiv 2109.01903).
    """
    pipeline = StableDiffusionPipeline.from_pretrained(arguments.init_from)
    state = torch.load(arguments.checkpoint("larger"), weights_only=True)
    model = denoiser.Denoiser(pipeline.text_encoder, pipeline.unet)
    earlier = model.state_dict()
    model.load_state_dict(
        {name: torch.lerp(earlier[name], weight, arguments.larger_weight) for name, weight in state["ema"].items()}
    )
    save_pipeline(pipeline, arguments.output)
    log.info("exported step %d to %s", state["step"], arguments.output)


def train_tokenizer(arguments: TrainingArguments) -> CLIPTokenizer:
    """Train the tokenizer. It takes so little time that it is not saved in between."""
    captions = dataset.iterate_captions(arguments.seed, arguments.tokenizer_captions)
    return tokenizer.train_tokenizer(captions, arguments.model.max_tokens)


def initialize_denoiser(arguments: TrainingArguments, caption_tokenizer: CLIPTokenizer) -> denoiser.Denoiser:
    """Build the untrained UNet and text encoder."""
    torch.manual_seed(arguments.seed)
    unet = build_unet(arguments.model).to(memory_format=torch.channels_last)
    return denoiser.Denoiser(build_text_encoder(arguments.model, caption_tokenizer), unet)


def compute_scaling_factor(latents: autoencoder.Latents) -> float:
    """Return the factor, rounded to four decimals, that scales the latents to a standard deviation of 1."""
    return round(1 / float(latents[:4096].astype(np.float64).std()), 4)


def train_classifier(arguments: TrainingArguments, stop_at: int | None = None) -> Trainer:
    """Stage "classifier": train the classifier and save its EMA weights."""
    torch.manual_seed(arguments.seed)
    model = classifier.Classifier()
    images = dataset.load_dataset(arguments.dataset_path)
    loss = classifier.make_loss(model, images, arguments.seed, arguments.classifier_batch_size)
    trainer = train(model, loss, arguments.classifier, arguments.checkpoint("classifier"), stop_at)
    classifier.save_classifier(trainer.ema, arguments.folder / CLASSIFIER_FILE)
    return trainer


def export_pipeline(arguments: TrainingArguments) -> None:
    """Stage "export": save the EMA weights as a pipeline. Also works while the denoiser is still training."""
    caption_tokenizer = train_tokenizer(arguments)
    model = initialize_denoiser(arguments, caption_tokenizer)
    state = torch.load(arguments.checkpoint("denoiser"), weights_only=True)
    model.load_state_dict(state["ema"])
    vae = load_autoencoder(arguments, "decoder" if arguments.checkpoint("decoder").exists() else "autoencoder")
    vae.register_to_config(scaling_factor=compute_scaling_factor(np.load(arguments.latents_path, mmap_mode="r")))
    save_pipeline(assemble_pipeline(vae, caption_tokenizer, model.text_encoder, model.unet), arguments.output)
    log.info("exported step %d to %s", state["step"], arguments.output)


STAGES: dict[str, Callable[[TrainingArguments], object]] = {
    "dataset": render_dataset,
    "latents": encode_latents,
    "export": export_pipeline,
    "export-larger": export_larger,
}
TRAINING_STAGES: dict[str, Callable[[TrainingArguments, int | None], object]] = {
    "autoencoder": train_autoencoder,
    "denoiser": train_denoiser,
    "decoder": train_decoder,
    "larger": train_larger,
    "classifier": train_classifier,
}


def main() -> None:
    """Run one stage from the command line."""
    parser = argparse.ArgumentParser(description="Train Sketch.")
    parser.add_argument("--stage", choices=(*STAGES, *TRAINING_STAGES), required=True)
    parser.add_argument("--folder", type=Path, required=True, help="dataset and checkpoints; about 6 GB")
    parser.add_argument("--output", type=Path, default=Path("seedlab/sketch/weights"))
    words = "an earlier Sketch to start from; the stages larger and export-larger need one"
    parser.add_argument("--init-from", metavar="FOLDER", help=words)
    parser.add_argument("--stop-at", type=int, help="stop a training stage at this step; a later run resumes from it")
    options = parser.parse_args()
    if options.stage.endswith("larger") and options.init_from is None:
        parser.error(f"the stage {options.stage} continues an earlier Sketch: name its folder with --init-from")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    arguments = TrainingArguments(options.folder, options.output, init_from=options.init_from)
    if options.stage in STAGES:
        STAGES[options.stage](arguments)
    else:
        TRAINING_STAGES[options.stage](arguments, options.stop_at)


if __name__ == "__main__":
    main()
