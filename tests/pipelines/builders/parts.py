"""Parts that pipelines are made of: text encoders and autoencoders."""

from diffusers import AutoencoderDC, AutoencoderKL, AutoencoderKLQwenImage
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    Gemma2Config,
    Gemma2Model,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen3Config,
    Qwen3Model,
    T5Config,
    T5EncoderModel,
)

WIDTH = 32
"""Values for each token that a text encoder puts out."""


def make_clip(*, projected: bool = False) -> CLIPTextModel | CLIPTextModelWithProjection:
    """Make CLIP's text encoder for the words of `build_tokenizer`; SDXL and SD3 have projected ones."""
    config = CLIPTextConfig(
        vocab_size=600,
        hidden_size=WIDTH,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        projection_dim=WIDTH,
        bos_token_id=598,
        eos_token_id=599,
    )
    return CLIPTextModelWithProjection(config) if projected else CLIPTextModel(config)


def make_t5(width: int = WIDTH) -> T5EncoderModel:
    """Make T5's encoder for the words of `build_t5_tokenizer`."""
    sizes = {"d_model": width, "d_ff": 37, "d_kv": 8, "num_layers": 2, "num_heads": 4}
    return T5EncoderModel(T5Config(vocab_size=128, feed_forward_proj="gated-gelu", **sizes))


def make_gemma() -> Gemma2Model:
    """Make Sana's language model for the words of `build_gemma_tokenizer`."""
    return Gemma2Model(Gemma2Config(vocab_size=128, head_dim=8, query_pre_attn_scalar=8, **_make_sizes()))


def make_chat_model() -> Qwen3Model:
    """Make Z-Image's language model for the words of `build_qwen_tokenizer`."""
    return Qwen3Model(Qwen3Config(vocab_size=300, head_dim=16, **_make_sizes()))


def _make_sizes() -> dict[str, int]:
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2}
    return {"hidden_size": WIDTH, "intermediate_size": 37, "num_hidden_layers": 2, **heads}


def make_language_model() -> Qwen2_5_VLForConditionalGeneration:
    """Make Qwen-Image's language model for the words of `build_qwen_tokenizer`."""
    text = {
        "vocab_size": 300,
        "hidden_size": WIDTH,
        "intermediate_size": 37,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 3, 3]},
        "bos_token_id": 256,
        "eos_token_id": 256,
        "pad_token_id": 256,
    }
    vision = {"depth": 1, "hidden_size": WIDTH, "intermediate_size": 37, "num_heads": 2, "out_hidden_size": WIDTH}
    marks = {"image_token_id": 290, "video_token_id": 291, "vision_start_token_id": 292, "vision_end_token_id": 293}
    return Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(text_config=text, vision_config=vision, **marks))


def make_autoencoder(latent_channels: int = 4, **changes: object) -> AutoencoderKL:
    """Make an autoencoder that is 8 times smaller a side."""
    return AutoencoderKL(
        block_out_channels=(16, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=8,
        latent_channels=latent_channels,
        **changes,
    )


def make_film_autoencoder() -> AutoencoderKLQwenImage:
    """Make Qwen-Image's autoencoder of films: 8 times smaller a side, 4 channels, each with a range of its own."""
    return AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=4,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        latents_mean=[-0.5, 0.0, 0.5, 1.0],
        latents_std=[0.5, 1.0, 2.0, 4.0],
    )


def make_deep_autoencoder() -> AutoencoderDC:
    """Make Sana's autoencoder: 32 times smaller a side, with 32 channels."""
    blocks = {"block_types": ("ResBlock",) * 5 + ("EfficientViTBlock",), "block_out_channels": (8, 8, 8, 16, 16, 32)}
    blocks |= {"layers_per_block": (1,) * 6, "qkv_multiscales": ((),) * 5 + ((5,),)}
    sides = {f"{side}_{name}": value for side in ("encoder", "decoder") for name, value in blocks.items()}
    return AutoencoderDC(attention_head_dim=4, scaling_factor=0.41407, **sides)
