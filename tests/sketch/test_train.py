"""Training on a tiny model: the same seed gives the same bytes, also after an interruption."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from seedlab.sketch import train
from seedlab.sketch.classifier import load_classifier
from seedlab.sketch.models import ModelConfig, assemble_pipeline
from seedlab.sketch.training.denoiser import Denoiser, load_matching_weights
from seedlab.sketch.training.multi_size import SizeConfig, make_loss
from seedlab.sketch.training.trainer import Trainer, TrainingConfig, learning_rate_factor

TINY = ModelConfig(
    image_size=32, latent_channels=4, encoder_width=16, decoder_width=16, encoder_blocks=(1, 1, 1, 1),
    decoder_blocks=(1, 1, 1, 1), text_width=16, text_layers=1, text_heads=2,
    unet_channels=(16, 32), attention_levels=1, time_embedding_width=32, unet_norm_groups=8, head_width=8,
)  # fmt: skip
STEPS = 4


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> train.TrainingArguments:
    """Arguments whose dataset is rendered."""
    folder = tmp_path_factory.mktemp("sketch")
    arguments = train.TrainingArguments(
        folder, folder / "model", TINY, image_count=24, tokenizer_captions=40,
        autoencoder=TrainingConfig("autoencoder", STEPS, 1e-3, 1e-3, warmup=1), autoencoder_batch_size=4,
        denoiser=TrainingConfig("denoiser", STEPS, 1e-3, 1e-3, warmup=1), denoiser_batch_size=4,
        decoder=TrainingConfig("decoder", STEPS, 1e-3, 1e-3, warmup=1),
        classifier=TrainingConfig("classifier", 2, 1e-3, 1e-3, warmup=1), classifier_batch_size=2,
    )  # fmt: skip
    train.render_dataset(arguments)
    return arguments


def link_data(arguments: train.TrainingArguments, folder: Path) -> train.TrainingArguments:
    """The same arguments in another folder, with the same dataset and latents."""
    for path in (arguments.dataset_path, arguments.latents_path):
        if path.exists():
            (folder / path.name).symlink_to(path)
    return replace(arguments, folder=folder)


def weights(trainer: Trainer) -> dict[str, bytes]:
    state = {**trainer.model.state_dict(prefix="model."), **trainer.ema.state_dict(prefix="ema.")}
    return {name: weight.numpy().tobytes() for name, weight in state.items()}


@pytest.fixture(scope="module")
def encoded(arguments: train.TrainingArguments) -> train.TrainingArguments:
    """Arguments whose autoencoder is trained and whose dataset is encoded."""
    train.train_autoencoder(arguments)
    train.encode_latents(arguments)
    return arguments


def test_autoencoder_training_is_reproducible_and_resumable(arguments: train.TrainingArguments, tmp_path: Path) -> None:
    uninterrupted = weights(train.train_autoencoder(link_data(arguments, tmp_path)))
    (tmp_path / "autoencoder.pt").unlink()
    interrupted = replace(arguments, folder=tmp_path)
    train.train_autoencoder(interrupted, stop_at=2)
    assert weights(train.train_autoencoder(interrupted)) == uninterrupted


def test_denoiser_training_is_reproducible_and_resumable(encoded: train.TrainingArguments, tmp_path: Path) -> None:
    uninterrupted = weights(train.train_denoiser(link_data(encoded, tmp_path)))
    (tmp_path / "denoiser.pt").unlink()
    interrupted = replace(encoded, folder=tmp_path)
    train.train_denoiser(interrupted, stop_at=3)
    assert weights(train.train_denoiser(interrupted)) == uninterrupted
    other_seed = replace(encoded, folder=tmp_path, seed=1)
    (tmp_path / "denoiser.pt").unlink()
    assert weights(train.train_denoiser(other_seed)) != uninterrupted


def test_scaled_latents_have_unit_standard_deviation(encoded: train.TrainingArguments) -> None:
    latents = np.load(encoded.latents_path)
    assert latents.shape == (24, 4, 4, 4)
    assert latents.std() * train.compute_scaling_factor(latents) == pytest.approx(1, rel=0.01)


def test_exported_pipeline_has_exactly_the_float16_weights(encoded: train.TrainingArguments) -> None:
    trainer = train.train_denoiser(encoded)
    train.export_pipeline(encoded)
    pipeline = StableDiffusionPipeline.from_pretrained(encoded.output)
    exported = pipeline.unet.state_dict()
    for name, weight in trainer.ema.unet.state_dict().items():
        assert torch.equal(exported[name], weight.half().float())
    assert pipeline.vae.config.scaling_factor != 1
    assert pipeline.text_encoder.dtype == pipeline.unet.dtype == torch.float32


def test_decoder_training_keeps_the_encoder_and_is_exported(encoded: train.TrainingArguments, tmp_path: Path) -> None:
    arguments = replace(link_data(encoded, tmp_path), output=tmp_path / "model")
    (tmp_path / "autoencoder.pt").symlink_to(encoded.checkpoint("autoencoder"))
    before = train.load_autoencoder(arguments, "autoencoder").state_dict()
    train.train_decoder(arguments)
    after = train.load_autoencoder(arguments, "decoder").state_dict()
    changed = {name.split(".")[0] for name, weight in before.items() if not torch.equal(after[name], weight)}
    assert changed == {"decoder"}
    train.train_denoiser(arguments)
    train.export_pipeline(arguments)
    exported = StableDiffusionPipeline.from_pretrained(arguments.output).vae.state_dict()
    assert all(torch.equal(exported[name], weight) for name, weight in after.items())


def test_training_at_several_sizes_continues_an_earlier_model(encoded: train.TrainingArguments, tmp_path: Path) -> None:
    train.train_denoiser(encoded)
    train.export_pipeline(encoded)
    arguments = replace(
        encoded, folder=tmp_path, output=tmp_path / "model", init_from=str(encoded.output),
        larger=TrainingConfig("larger", STEPS, 1e-3, 1e-3, warmup=1),
        sizes=(SizeConfig(32, 8, 2, 0.5), SizeConfig(64, 6, 2, 0.5)),
    )  # fmt: skip
    uninterrupted = weights(train.train_larger(arguments))
    (tmp_path / "larger.pt").unlink()
    train.train_larger(arguments, stop_at=3)
    assert weights(train.train_larger(arguments)) == uninterrupted
    assert {path.name for path in tmp_path.glob("*.npy")} == {"latents-32-8.npy", "latents-64-6.npy"}
    assert np.load(tmp_path / "latents-64-6.npy").shape == (6, 4, 8, 8)
    train.export_larger(arguments)
    before, after = (StableDiffusionPipeline.from_pretrained(each.output) for each in (encoded, arguments))
    changed = {
        name
        for name in ("unet", "text_encoder", "vae")
        if any(
            not torch.equal(weight, getattr(after, name).state_dict()[key])
            for key, weight in getattr(before, name).state_dict().items()
        )
    }
    assert changed == {"unet", "text_encoder"}
    assert after.vae.config.scaling_factor == before.vae.config.scaling_factor


@pytest.mark.slow
def test_every_size_has_its_share_of_the_steps(encoded: train.TrainingArguments, tmp_path: Path) -> None:
    train.train_denoiser(encoded)
    train.export_pipeline(encoded)
    pipeline = StableDiffusionPipeline.from_pretrained(encoded.output)
    seen: list[int] = []
    pipeline.unet.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0].shape[-1]))
    model = Denoiser(pipeline.text_encoder, pipeline.unet)
    loss = make_loss(model, pipeline, tmp_path, (SizeConfig(32, 4, 1, 0.25), SizeConfig(64, 4, 1, 0.75)), seed=0)
    with torch.no_grad():
        for step in range(60):
            loss(step, step % 2)
    assert 0.1 < seen.count(4) / 60 < 0.4


def test_classifier_training_saves_the_final_ema_weights(arguments: train.TrainingArguments, tmp_path: Path) -> None:
    trainer = train.train_classifier(link_data(arguments, tmp_path))
    saved = load_classifier(tmp_path / "judge.safetensors").state_dict()
    assert trainer.step == 2
    assert all(torch.equal(saved[name], weight.half().float()) for name, weight in trainer.ema.state_dict().items())


def test_denoiser_loads_the_lower_levels_of_an_earlier_model() -> None:
    arguments = train.TrainingArguments(Path(), Path(), TINY, tokenizer_captions=40)
    source_arguments = replace(arguments, tokenizer_captions=20, model=replace(TINY, unet_channels=(32,)), seed=1)
    tokenizer, source_tokenizer = train.train_tokenizer(arguments), train.train_tokenizer(source_arguments)
    model = train.initialize_denoiser(arguments, tokenizer)
    source = train.initialize_denoiser(source_arguments, source_tokenizer)
    initial = copy.deepcopy(model.unet.down_blocks[0]).state_dict()
    vae = train.initialize_autoencoder(source_arguments)
    load_matching_weights(model, tokenizer, assemble_pipeline(vae, source_tokenizer, source.text_encoder, source.unet))
    upper, lower = (block.state_dict() for block in model.unet.down_blocks)
    assert all(torch.equal(upper[name], weight) for name, weight in initial.items()), "the source has no such level"
    source_weights = source.unet.down_blocks[0].state_dict()
    matching = {name for name, weight in source_weights.items() if lower[name].shape == weight.shape}
    assert "attentions.0.transformer_blocks.0.attn2.to_k.weight" in matching
    assert all(torch.equal(lower[name], source_weights[name]) for name in matching)


def test_denoiser_loads_token_embeddings_by_token_not_by_id() -> None:
    arguments = train.TrainingArguments(Path(), Path(), TINY, tokenizer_captions=40)
    source_arguments = replace(arguments, tokenizer_captions=20, seed=1)
    tokenizer, source_tokenizer = train.train_tokenizer(arguments), train.train_tokenizer(source_arguments)
    model = train.initialize_denoiser(arguments, tokenizer)
    source = train.initialize_denoiser(source_arguments, source_tokenizer)
    vae = train.initialize_autoencoder(source_arguments)
    load_matching_weights(model, tokenizer, assemble_pipeline(vae, source_tokenizer, source.text_encoder, source.unet))
    vocab, source_vocab = tokenizer.get_vocab(), source_tokenizer.get_vocab()
    embeddings, source_embeddings = (each.text_encoder.get_input_embeddings().weight for each in (model, source))
    moved = [token for token in vocab.keys() & source_vocab.keys() if vocab[token] != source_vocab[token]]
    assert "<|endoftext|>" in moved
    assert all(torch.equal(embeddings[vocab[token]], source_embeddings[source_vocab[token]]) for token in moved)


def test_learning_rates_warm_up_and_decay_to_0() -> None:
    config = TrainingConfig("any", steps=100, learning_rate=1.0, muon_learning_rate=1.0, warmup=10, cooldown=0.5)
    factors = [learning_rate_factor(config, step) for step in (0, 9, 49, 75, 100)]
    assert factors == pytest.approx([0.1, 1.0, 1.0, 0.5, 0.0])
