"""Parts that several pipelines are made of: text encoders and an autoencoder."""

from diffusers import AutoencoderKL
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, T5Config, T5EncoderModel

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
