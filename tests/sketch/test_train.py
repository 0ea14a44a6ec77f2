"""Training: the same seed gives the same bytes, and an interruption leaves no trace. All on a tiny model."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from seedlab.sketch import train
from seedlab.sketch.denoiser import borrow_weights
from seedlab.sketch.judge import load_judge
from seedlab.sketch.models import Shape, assemble_pipeline
from seedlab.sketch.training import Loop, choose_share

TINY = Shape(
    picture_size=32, latent_channels=4, encoder_width=16, decoder_width=16, encoder_blocks=(1, 1, 1, 1),
    decoder_blocks=(1, 1, 1, 1), text_width=16, text_layers=1, text_heads=2,
    unet_channels=(16, 32), attended=1, time_width=32, unet_groups=8, head_width=8,
)  # fmt: skip
STEPS = 4


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> train.Plan:
    """A plan whose drawings are there."""
    folder = tmp_path_factory.mktemp("sketch")
    plan = train.Plan(
        folder, folder / "model", TINY, pictures=24, tokenizer_captions=40,
        autoencoder_loop=Loop("autoencoder", STEPS, 1e-3, 1e-3, warmup=1), autoencoder_batch=4,
        denoiser_loop=Loop("denoiser", STEPS, 1e-3, 1e-3, warmup=1), denoiser_batch=4,
        decoder_loop=Loop("decoder", STEPS, 1e-3, 1e-3, warmup=1),
        judge_loop=Loop("judge", 2, 1e-3, 1e-3, warmup=1), judge_batch=2,
    )  # fmt: skip
    train.draw_corpus(plan)
    return plan


def elsewhere(plan: train.Plan, folder: Path) -> train.Plan:
    """The same plan in another folder, with the same drawings and latents."""
    for path in (plan.corpus_path, plan.latents_path):
        if path.exists():
            (folder / path.name).symlink_to(path)
    return replace(plan, folder=folder)


def weights(run: train.training.Run) -> dict[str, bytes]:
    state = {**run.network.state_dict(prefix="now."), **run.average.state_dict(prefix="average.")}
    return {name: weight.numpy().tobytes() for name, weight in state.items()}


@pytest.fixture(scope="module")
def encoded(plan: train.Plan) -> train.Plan:
    """A plan whose autoencoder is trained and whose latents are there."""
    train.train_autoencoder(plan)
    train.encode_latents(plan)
    return plan


def test_the_autoencoder_trains_the_same_again_and_across_an_interruption(plan: train.Plan, tmp_path: Path) -> None:
    once = weights(train.train_autoencoder(elsewhere(plan, tmp_path)))
    (tmp_path / "autoencoder.pt").unlink()
    broken = replace(plan, folder=tmp_path)
    train.train_autoencoder(broken, stop_at=2)
    assert weights(train.train_autoencoder(broken)) == once


def test_the_denoiser_trains_the_same_again_and_across_an_interruption(encoded: train.Plan, tmp_path: Path) -> None:
    once = weights(train.train_denoiser(elsewhere(encoded, tmp_path)))
    (tmp_path / "denoiser.pt").unlink()
    broken = replace(encoded, folder=tmp_path)
    train.train_denoiser(broken, stop_at=3)
    assert weights(train.train_denoiser(broken)) == once
    other = replace(encoded, folder=tmp_path, seed=1)
    (tmp_path / "denoiser.pt").unlink()
    assert weights(train.train_denoiser(other)) != once


def test_latents_have_about_unit_variance_after_scaling(encoded: train.Plan) -> None:
    latents = np.load(encoded.latents_path)
    assert latents.shape == (24, 4, 4, 4)
    assert latents.std() * train.choose_scaling_factor(latents) == pytest.approx(1, rel=0.01)


def test_the_export_loads_as_a_pipeline_with_exactly_the_float16_weights(encoded: train.Plan) -> None:
    run = train.train_denoiser(encoded)
    train.export_pipeline(encoded)
    pipeline = StableDiffusionPipeline.from_pretrained(encoded.output)
    exported = pipeline.unet.state_dict()
    for name, weight in run.average.unet.state_dict().items():
        assert torch.equal(exported[name], weight.half().float())
    assert pipeline.vae.config.scaling_factor != 1
    assert pipeline.text_encoder.dtype == pipeline.unet.dtype == torch.float32


def test_the_decoder_goes_on_alone_so_that_the_latents_stay_valid_and_is_what_is_exported(
    encoded: train.Plan, tmp_path: Path
) -> None:
    plan = replace(elsewhere(encoded, tmp_path), output=tmp_path / "model")
    (tmp_path / "autoencoder.pt").symlink_to(encoded.checkpoint("autoencoder"))
    before = train.load_autoencoder(plan, "autoencoder").state_dict()
    train.train_decoder(plan)
    after = train.load_autoencoder(plan, "decoder").state_dict()
    changed = {name.split(".")[0] for name, weight in before.items() if not torch.equal(after[name], weight)}
    assert changed == {"decoder"}
    train.train_denoiser(plan)
    train.export_pipeline(plan)
    exported = StableDiffusionPipeline.from_pretrained(plan.output).vae.state_dict()
    assert all(torch.equal(exported[name], weight) for name, weight in after.items())


def test_the_judge_is_written_as_it_was_at_its_end(plan: train.Plan, tmp_path: Path) -> None:
    run = train.train_judge(elsewhere(plan, tmp_path))
    written = load_judge(tmp_path / "judge.safetensors").state_dict()
    assert run.step == 2
    assert all(torch.equal(written[name], weight.half().float()) for name, weight in run.average.state_dict().items())


def test_a_denoiser_begins_with_what_an_earlier_one_of_fewer_levels_learned() -> None:
    plan = train.Plan(Path(), Path(), TINY, tokenizer_captions=40)
    elder_plan = replace(plan, tokenizer_captions=20, shape=replace(TINY, unet_channels=(32,)), seed=1)
    tokenizer, elder_tokenizer = train.learn_tokenizer(plan), train.learn_tokenizer(elder_plan)
    network, elder = train.start_denoiser(plan, tokenizer), train.start_denoiser(elder_plan, elder_tokenizer)
    fresh = copy.deepcopy(network.unet.down_blocks[0]).state_dict()
    pipeline = assemble_pipeline(train.start_autoencoder(elder_plan), elder_tokenizer, elder.text_encoder, elder.unet)
    borrow_weights(network, tokenizer, pipeline)
    upper, lower = (block.state_dict() for block in network.unet.down_blocks)
    assert all(torch.equal(upper[name], weight) for name, weight in fresh.items()), "the elder has none like it"
    learned = elder.unet.down_blocks[0].state_dict()
    fitting = {name for name, weight in learned.items() if lower[name].shape == weight.shape}
    assert "attentions.0.transformer_blocks.0.attn2.to_k.weight" in fitting
    assert all(torch.equal(lower[name], learned[name]) for name in fitting)


def test_a_denoiser_takes_over_words_by_their_letters_not_by_their_numbers() -> None:
    plan = train.Plan(Path(), Path(), TINY, tokenizer_captions=40)
    elder_plan = replace(plan, tokenizer_captions=20, seed=1)
    tokenizer, elder_tokenizer = train.learn_tokenizer(plan), train.learn_tokenizer(elder_plan)
    network, elder = train.start_denoiser(plan, tokenizer), train.start_denoiser(elder_plan, elder_tokenizer)
    pipeline = assemble_pipeline(train.start_autoencoder(elder_plan), elder_tokenizer, elder.text_encoder, elder.unet)
    borrow_weights(network, tokenizer, pipeline)
    words, elder_words = tokenizer.get_vocab(), elder_tokenizer.get_vocab()
    tokens, elder_tokens = (each.text_encoder.get_input_embeddings().weight for each in (network, elder))
    moved = [word for word in words.keys() & elder_words.keys() if words[word] != elder_words[word]]
    assert "<|endoftext|>" in moved
    assert all(torch.equal(tokens[words[word]], elder_tokens[elder_words[word]]) for word in moved)


def test_rates_warm_up_and_fall_to_nothing() -> None:
    loop = Loop("any", steps=100, learning_rate=1.0, matrix_rate=1.0, warmup=10, cooldown=0.5)
    shares = [choose_share(loop, step) for step in (0, 9, 49, 75, 100)]
    assert shares == pytest.approx([0.1, 1.0, 1.0, 0.5, 0.0])
