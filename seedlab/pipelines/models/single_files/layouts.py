"""What a single file of weights contains, judged by the names and shapes of its tensors.

The names are those of `CHECKPOINT_KEY_NAMES` in diffusers/loaders/single_file_utils.py and of ComfyUI's
comfy/model_detection.py.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Shapes = Mapping[str, tuple[int, ...]]

DENOISER = "model.diffusion_model."
EMA = "model_ema."
AUTOENCODER = ("first_stage_model.", "vae.")
TEXT_ENCODER = ("cond_stage_model.", "conditioner.embedders.", "text_encoders.")
SECOND_TEXT_ENCODER = "conditioner.embedders.1."
WRAPPERS = ("state_dict.", "module.", "model.module.", "model.model.diffusion_model.")
"""What training programs put before all names. diffusers does not read such files."""

MADE_FOR = ": choose the model that it was made for"
ADDITIONS = (
    (
        r"^lora_|[._]lora[._](up|down|A|B|a|b)\b|hada_w\d|lokr_w\d",
        "a LoRA, not a model: choose the model that it was made for, and write its path into the field for LoRAs",
    ),
    (r"^control_model\.|^controlnet|controlnet_cond_embedding|input_hint_block|lllite", f"a ControlNet{MADE_FOR}"),
    (r"^(emb_params|clip_[lg]|string_to_param.*)$", f"an embedding (textual inversion){MADE_FOR}"),
    (r"motion_modules\.", f"a motion module of AnimateDiff{MADE_FOR}"),
    (r"^(image_proj|ip_adapter)\.", f"an IP-Adapter{MADE_FOR}"),
    (r"^adapter\.", f"a T2I-Adapter{MADE_FOR}"),
    (r"^(model\.)?(conv_first\.|body\.\d+\.rdb1\.|model\.1\.sub\.)", "an upscaler (ESRGAN): choose a model"),
)
"""Files that are added to a model or its pictures: pattern of a name, what it is, and what to do."""

PARTS = (
    (r"^(first_stage_model\.|vae\.)?(encoder|decoder)\.(conv_in|mid|up|down|up_blocks)\b", "an autoencoder (VAE)"),
    (
        r"^(unet\.)?(time_embedding\.linear_1|add_embedding|down_blocks\.0\.)|(^|\.)input_blocks\.0\.0\.weight$",
        "a denoiser (UNet)",
    ),
    (r"^(vision_model|visual)\.", "an image encoder"),
    (
        r"^(cond_stage_model|conditioner|text_encoders?|text_model|transformer\.resblocks)\b|^encoder\.(block\.0|layers)\b",
        "a text encoder",
    ),
)
"""Parts of a model: pattern of a name, and what it is."""

OTHERS = (
    (r"^single_stream_modulation\.|^early_stream_modulations\.", "Flux 2", "Flux2"),
    (r"^distilled_guidance_layer\.", "Chroma", "Chroma"),
    (r"^txt_in\.individual_token_refiner\.", "HunyuanVideo", "HunyuanVideo"),
    (r"^double_blocks\.0\.img_attn\.", "Flux", "Flux"),
    (r"^joint_blocks\.0\.", "Stable Diffusion 3", "StableDiffusion3"),
    (r"^double_layers\.0\.attn\.w1q", "AuraFlow", "AuraFlow"),
    (r"^transformer_blocks\.0\.img_mod\.", "Qwen-Image", "QwenImage"),
    (r"^(all_x_embedder|noise_refiner\.0\.adaLN)|^layers\.0\.adaLN_modulation\.0\.", "Z-Image", "ZImage"),
    (r"^cap_embedder\.", "Lumina 2", "Lumina2"),
    (r"^blocks\.0\.cross_attn\.q_linear\.|^y_embedder\.y_proj\.", "PixArt or Sana", ("PixArt", "Sana")),
    (r"^blocks\.0\.attn1\.Wqkv|^(text_embedding_padding|style_embedder)", "Hunyuan-DiT", "HunyuanDiT"),
    (r"^double_stream_blocks\.0\.", "HiDream", "HiDream"),
    (r"^clip_txt_mapper\.|^down_blocks\.1\.0\.channelwise\.", "Stable Cascade", "StableCascade"),
    (r"^head\.modulation$|^patchify_proj\.|^net\.x_embedder\.|^blocks\.0\.attn\.qkv_x\.", "a video model", ()),
    (r"\.time_stack\.|\.time_mixer\.", "Stable Video Diffusion", ()),
    (r"^(adm_proj|encoder_hid_proj)\.", "Kolors", "Kolors"),
)
"""Whole models of other architectures: pattern of a name, the architecture, and how its pipelines' names begin."""

CHANNELS = {
    5: "a depth-to-image model, which needs a depth map of a picture",
    7: "an upscaler, which needs a picture to enlarge",
    8: "a model that edits pictures by instruction (InstructPix2Pix), which needs a picture",
    9: "an inpainting model, which fills a masked part of a picture",
}
"""What a Stable Diffusion is by the number of channels that its denoiser takes; 4 are those of the latents."""

FAMILIES = {768: "1", 1024: "2", 1280: "XL refiner", 2048: "XL"}
"""Stable Diffusion's families by the width of the encoded prompt that the denoiser attends to."""

CROSS_ATTENTION = re.compile(r"\.attn2\.to_k\.weight$")
BASE_LABELS = 2816
"""Width of the second text encoder's output and the six sizes that SDXL's denoiser takes."""


@dataclass(frozen=True)
class Unet:
    """What the denoiser of a Stable Diffusion in its original layout takes.

    Attributes:
        channels: of its input; 0 if unknown.
        width: of the encoded prompt; 0 if unknown.
        labels: the width of what SDXL's takes besides the prompt; 0 for none.
    """

    channels: int
    width: int
    labels: int


def read_unet(shapes: Shapes) -> Unet | None:
    """Return what the denoiser takes; None if there is none in the layout of Stable Diffusion."""
    if not any(name.startswith(f"{DENOISER}input_blocks.") for name in shapes):
        return None
    inlet = shapes.get(f"{DENOISER}input_blocks.0.0.weight", ())
    labels = shapes.get(f"{DENOISER}label_emb.0.0.weight", ())
    names = (name for name in shapes if name.startswith(DENOISER) and CROSS_ATTENTION.search(name))
    width = next((shapes[name][-1] for name in names if shapes[name]), 0)
    return Unet(inlet[1] if len(inlet) > 1 else 0, width, labels[-1] if labels else 0)


def name_addition(names: Iterable[str]) -> str:
    """Return what a file is that is added to a model or its pictures, and what to do; "" for all others."""
    text = "\n".join(names)
    found = (name for pattern, name in ADDITIONS if re.search(pattern, text, re.MULTILINE))
    return next(found, "")


def name_part(names: Iterable[str]) -> str:
    """Return which single part of a model a file is; "" if it is none, or has several."""
    names = tuple(names)
    text = "\n".join(names)
    found = [name for pattern, name in PARTS if re.search(pattern, text, re.MULTILINE)]
    return found[0] if len(found) == 1 else ""


def name_other(names: Iterable[str]) -> tuple[str, tuple[str, ...]] | None:
    """Return the architecture of a file, and how its pipelines' names begin; None for Stable Diffusion 1, 2 and XL."""
    text = "\n".join(name.removeprefix(DENOISER) for name in names)
    for pattern, name, prefixes in OTHERS:
        if re.search(pattern, text, re.MULTILINE):
            return name, (prefixes,) if isinstance(prefixes, str) else prefixes
    return None


def find_wrapper(names: Iterable[str]) -> str:
    """Return what stands before the names of most tensors and does not belong to them; "" for nothing."""
    names = tuple(names)
    wrapped = (prefix for prefix in WRAPPERS if 2 * sum(name.startswith(prefix) for name in names) > len(names))
    return next(wrapped, "")
