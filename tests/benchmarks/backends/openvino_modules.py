"""A diffusers pipeline whose modules OpenVINO runs, converted once and compiled for each shape."""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from seedlab.pipelines.patching import replace_attribute
from tests.benchmarks.speed import Work, load_plainly


def load_with_openvino(work: Work) -> Any:
    """Load the plain pipeline in float32 and let OpenVINO run its modules in the recipe's dtype."""
    import torch
    from transformers.modeling_outputs import BaseModelOutputWithPooling

    # "batch": as diffusers loads it. OpenVINO chooses memory formats itself.
    pipe = load_plainly(replace(work, recipe=replace(work.recipe, dtype="float32")), "batch")
    run = partial(OpenvinoModule, dtype=work.recipe.dtype, folder=Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]))
    words = run("words", pipe.text_encoder, lambda module, ids: module(ids)[0])
    denoise = run("denoiser", pipe.unet, lambda module, *inputs: module(*inputs, return_dict=False)[0])
    decode = run("decoder", pipe.vae.decoder, lambda module, sample: module(sample))

    def encode(input_ids: Any, **_: Any) -> Any:
        return BaseModelOutputWithPooling(last_hidden_state=words(input_ids))

    def predict(sample: Any, timestep: Any, encoder_hidden_states: Any, **_: Any) -> tuple[Any]:
        return (denoise(sample, torch.as_tensor(timestep), encoder_hidden_states),)

    pipe.text_encoder.forward, pipe.unet.forward = encode, predict
    pipe.vae.decoder.forward = lambda sample, *_, **__: decode(sample)
    return pipe


class OpenvinoModule:
    """A module that OpenVINO runs: converted once, kept on the disk, and compiled for each shape of its inputs."""

    def __init__(self, name: str, module: Any, call: Callable[..., Any], *, dtype: str, folder: Path) -> None:
        self._module, self._call = module, call
        self._forward = module.forward
        self._file = folder / f"{name}.xml"
        # The precision is said, because OpenVINO's own choice depends on the processor.
        self._settings = {
            "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}[dtype],
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": str(os.cpu_count()),
        }
        self._compiled: dict[tuple[Any, ...], Any] = {}

    def __call__(self, *inputs: Any) -> Any:
        import torch

        shapes = tuple(tuple(each.shape) for each in inputs)
        if shapes not in self._compiled:
            self._compiled[shapes] = self._compile(inputs)
        results = self._compiled[shapes]([each.contiguous().numpy() for each in inputs])
        return torch.from_numpy(results[0].copy())  # the next call writes into the same memory

    def _compile(self, inputs: tuple[Any, ...]) -> Any:
        import openvino

        core = openvino.Core()
        if not self._file.exists():
            with replace_attribute(self._module, "forward", self._forward):
                openvino.save_model(convert(self._module, self._call, inputs), self._file, compress_to_fp16=False)
        model = core.read_model(self._file)
        model.reshape({number: list(each.shape) for number, each in enumerate(inputs)})
        return core.compile_model(model, "CPU", self._settings)


def convert(module: Any, call: Callable[..., Any], inputs: tuple[Any, ...]) -> Any:
    """Return OpenVINO's model of a call of a module with tensors, which torch traces."""
    import openvino
    import torch

    class Called(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module  # a part of this one, so that its weights are no constants of the trace

        def forward(self, *inputs: Any) -> Any:
            return call(self.module, *inputs)

    with torch.no_grad():
        return openvino.convert_model(Called(), example_input=inputs)
