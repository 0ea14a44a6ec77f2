"""Builds and saves real diffusers pipelines at tiny sizes with seeded random weights, in the real layouts."""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from seedlab.recipe import Recipe


def build_stable_diffusion(
    folder: Path, weights_seed: int = 0, name: str = "tiny", widths: tuple[int, ...] = (32, 64)
) -> Path:
    """Save a Stable Diffusion with random weights, 64x64 pixels, 4 latent channels, and return its folder.

    Args:
        widths: channels of the denoiser's levels; all but the first attend to the prompt.
    """
    torch.manual_seed(weights_seed)
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL(
            block_out_channels=(16, 32, 32, 32),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=1,
            norm_num_groups=8,
            latent_channels=4,
        ),
        text_encoder=CLIPTextModel(
            CLIPTextConfig(
                vocab_size=600,
                hidden_size=32,
                intermediate_size=37,
                num_attention_heads=4,
                num_hidden_layers=2,
                bos_token_id=598,
                eos_token_id=599,
            )
        ),
        tokenizer=build_tokenizer(folder / "words"),
        unet=UNet2DConditionModel(
            sample_size=8,
            in_channels=4,
            out_channels=4,
            block_out_channels=widths,
            layers_per_block=1,
            down_block_types=("DownBlock2D", *("CrossAttnDownBlock2D",) * (len(widths) - 1)),
            up_block_types=(*("CrossAttnUpBlock2D",) * (len(widths) - 1), "UpBlock2D"),
            cross_attention_dim=32,
            attention_head_dim=8,
            norm_num_groups=8,
        ),
        scheduler=DPMSolverMultistepScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder / name)
    return folder / name


def build_tokenizer(folder: Path) -> CLIPTokenizer:
    """Save and load a CLIP tokenizer that spells every word in bytes: 512 byte tokens and the two marks."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    letters = list(bytes_to_unicode().values())
    words = [*letters, *(letter + "</w>" for letter in letters)]
    words += [f"<unused{index}>" for index in range(598 - len(words))] + ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary, merges = folder / "vocab.json", folder / "merges.txt"
    vocabulary.write_text(json.dumps({word: index for index, word in enumerate(words)}), encoding="utf-8")
    merges.write_text("#version: 0.2\n", encoding="utf-8")
    tokenizer = (
        CLIPTokenizer.from_pretrained(folder)
        if (folder / "tokenizer_config.json").exists()
        else CLIPTokenizer(vocab=str(vocabulary), merges=str(merges), model_max_length=77)
    )
    assert tokenizer("a").input_ids[0] == 598
    return tokenizer


def make_recipe(folder: Path, **changes: object) -> Recipe:
    """Make a recipe for a pipeline that `build_stable_diffusion` saved."""
    defaults = {
        "model_id": str(folder),
        "prompt": "Labrador in the style of Vermeer",
        "seed": 0,
        "scheduler": "DPMSolverMultistepScheduler",
        "num_inference_steps": 4,
        "guidance_scale": 7.5,
        "height": 64,
        "width": 64,
        "dtype": "float32",
    }
    return Recipe(**(defaults | changes))
