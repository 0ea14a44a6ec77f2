"""The decoder of an autoencoder of Stable Diffusion's width: does a batch give the bits of single images, how fast?"""

from collections.abc import Iterator

import torch
from diffusers import AutoencoderKL

from tests.benchmarks.gpu.bench import Bench, Line


def compare(bench: Bench) -> Iterator[Line]:
    """Decode four images of 512 pixels (tiny: of 32) one by one and in one call."""
    torch.manual_seed(0)
    widths = (32, 64) if bench.tiny else (128, 256, 512, 512)
    with torch.device(bench.device):
        decoder = AutoencoderKL(
            block_out_channels=widths,
            layers_per_block=2,
            latent_channels=4,
            down_block_types=("DownEncoderBlock2D",) * len(widths),
            up_block_types=("UpDecoderBlock2D",) * len(widths),
        )
    dtype = bench.choose_dtype("float16")
    decoder = decoder.to(dtype).eval().requires_grad_(False)
    side = 16 if bench.tiny else 64
    latents = torch.randn(4, 4, side, side, generator=torch.Generator().manual_seed(0)).to(bench.device, dtype)

    def decode_each() -> torch.Tensor:
        return torch.cat([decoder.decode(each[None], return_dict=False)[0] for each in latents])

    def decode_all() -> torch.Tensor:
        return decoder.decode(latents, return_dict=False)[0]

    with torch.inference_mode():
        alone, batch = decode_each(), decode_all()
    yield {
        "dtype": str(dtype),
        "batch_is_equal": torch.equal(alone, batch),
        "largest_difference": (alone.float() - batch.float()).abs().max().item(),
        "ms_alone": bench.clock(decode_each),
        "ms_batch": bench.clock(decode_all),
    }
