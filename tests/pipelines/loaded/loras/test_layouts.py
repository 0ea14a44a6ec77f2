"""Whatever ranks, alphas, kinds and layouts the layers of LoRAs have: a pipeline with them does what they mean."""

import copy
import json
import re
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from seedlab.core.recipes.additions import Lora
from seedlab.pipelines.loaded.loras.adding import add_loras
from seedlab.pipelines.loaded.loras.files import hash_lora
from seedlab.pipelines.loaded.loras.plain import ADDED, MERGED, choose_method
from tests.pipelines.builders import build_stable_diffusion_xl
from tests.pipelines.builders.lora_layers import MAKERS, Change, make_change, make_input, random
from tests.pipelines.builders.single_file import _name_unet

pytest.importorskip("peft")

ATTENTION = re.compile(r"attn[12]\.to_(q|k|v|out\.0)$|self_attn\.[a-z]+_proj$")
PARTS = ("unet", "text_encoder")


@pytest.fixture(scope="module")
def pipeline(tiny):
    pipeline = StableDiffusionPipeline.from_pretrained(tiny)
    for part in PARTS:
        getattr(pipeline, part).requires_grad_(False)
    return pipeline


@pytest.fixture(scope="module")
def pipeline_xl(tmp_path_factory):
    pipeline = StableDiffusionXLPipeline.from_pretrained(build_stable_diffusion_xl(tmp_path_factory.mktemp("xl")))
    for part in (*PARTS, "text_encoder_2"):
        getattr(pipeline, part).requires_grad_(False)
    return pipeline


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("layouts")


def list_layers(pipeline, kinds=(nn.Linear, nn.Conv2d)) -> list[tuple[str, str, nn.Module]]:
    parts = [(part, getattr(pipeline, part)) for part in PARTS]
    return [(part, *each) for part, root in parts for each in root.named_modules() if isinstance(each[1], kinds)]


def read_lora(file: Path, weight: float = 1.0) -> Lora:
    return Lora(file=str(file), sha256=hash_lora(file), weight=weight)


def add_to_copy(pipeline, *loras: Lora):
    """Return a copy of a pipeline with LoRAs."""
    copied = copy.copy(pipeline)
    copied._internal_dict = pipeline._internal_dict.copy()
    for name in (*PARTS, "text_encoder_2"):
        if hasattr(pipeline, name):
            setattr(copied, name, copy.deepcopy(getattr(pipeline, name)))
    add_loras(copied, loras)
    return copied


def check(pipeline, changes: dict[tuple[str, str], Change], *loras: Lora) -> None:
    """Check the output of the changed modules, and the bytes of all other weights."""
    copied = add_to_copy(pipeline, *loras)
    for (part, path), change in changes.items():
        module = getattr(pipeline, part).get_submodule(path)
        value = make_input(module)
        changed = getattr(copied, part).get_submodule(path)
        torch.testing.assert_close(changed(value), change.forward(value), rtol=1e-4, atol=2e-4)
        assert not torch.equal(changed(value), module(value))
    for part in PARTS:
        after = {name.replace(".base_layer.", "."): value for name, value in getattr(copied, part).state_dict().items()}
        for name, value in getattr(pipeline, part).state_dict().items():
            if (part, name.rpartition(".")[0]) not in changes:
                assert torch.equal(value, after[name])


def name_kohya(part: str, path: str) -> str:
    path = path if part == "unet" or path.startswith("text_model.") else f"text_model.{path}"
    return f"lora_{'te' if part == 'text_encoder' else 'unet'}_{path.replace('.', '_')}"


def name_original(unet: nn.Module, path: str) -> str:
    return _name_unet(unet, f"{path}.x").removesuffix(".x")


def save(file: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None = None) -> Path:
    save_file({name: value.contiguous() for name, value in tensors.items()}, file, metadata)
    return file


@st.composite
def draw_layers(draw, count: int):
    """Draw which layers are changed (by number), and the kind, rank and alpha of each."""
    uniform = draw(st.booleans())
    shared = (draw(st.integers(1, 5)), draw(st.sampled_from([None, 1.0, 3.0])))
    numbers = draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=6, unique=True))
    plain = draw(st.booleans())
    kinds = st.just("lora") if plain else st.sampled_from([kind for kind in MAKERS if kind != "norm"])
    own = st.tuples(st.integers(1, 5), st.sampled_from([None, 0.5, 1.0, 4.0]))
    return [(number, draw(kinds), *(shared if uniform else draw(own))) for number in numbers]


SETTINGS = settings(max_examples=25, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])


@SETTINGS
@given(data=st.data(), strength=st.sampled_from([1.0, 0.7, -1.5]))
def test_kohya_and_lycoris(pipeline, folder, data, strength):
    layers = list_layers(pipeline)
    chosen = data.draw(draw_layers(len(layers)))
    style = data.draw(st.sampled_from(["kohya", "kohya", "original", "dotted"]))
    torch.manual_seed(len(chosen))
    changes, tensors = {}, {}
    for number, kind, rank, alpha in chosen:
        part, path, module = layers[number]
        changes[part, path] = change = make_change(kind, module, rank, alpha, strength)
        name = name_kohya(part, path)
        if part == "unet" and style != "kohya":
            original = name_original(pipeline.unet, path)
            name = f"diffusion_model.{original}" if style == "dotted" else f"lora_unet_{original.replace('.', '_')}"
        tensors |= {name + ending: value for ending, value in change.tensors.items()}
    check(pipeline, changes, read_lora(save(folder / "kohya.safetensors", tensors), strength))


@SETTINGS
@given(data=st.data(), layout=st.sampled_from(["new", "old", "peft"]))
def test_diffusers_and_peft(pipeline, tmp_path_factory, data, layout):
    layers = [each for each in list_layers(pipeline) if layout != "old" or ATTENTION.search(each[1])]
    if layout == "peft":  # a file of PEFT is for one component
        only = data.draw(st.sampled_from(PARTS))
        layers = [each for each in layers if each[0] == only]
    chosen = data.draw(draw_layers(len(layers)))
    folder = tmp_path_factory.mktemp("peft")
    rslora = layout == "peft" and data.draw(st.booleans())
    changes, tensors, ranks, alphas = {}, {}, {}, {}
    for number, _, rank, alpha in chosen:
        part, path, module = layers[number]
        alpha = (alpha or float(rank)) if layout == "peft" else None
        scaled = alpha * rank**0.5 if rslora else alpha
        changes[part, path] = change = make_change("lora", module, rank, scaled, 1.0)
        ranks[path], alphas[path] = rank, alpha
        down, up = change.tensors[".lora_down.weight"], change.tensors[".lora_up.weight"]
        endings = {"down": ".lora_A.weight", "up": ".lora_B.weight"}
        name = f"base_model.model.{path}" if layout == "peft" else f"{part}.{path}"
        if layout == "old":
            name, endings = name_old(part, path)
        tensors |= {f"{name}{endings['down']}": down, f"{name}{endings['up']}": up}
    file = folder / ("adapter_model.safetensors" if layout == "peft" else "style.safetensors")
    if layout == "peft":
        config = {"peft_type": "LORA", "r": 2, "lora_alpha": 7, "use_rslora": rslora}
        config |= {
            "rank_pattern": ranks,
            "alpha_pattern": {f"^{re.escape(path)}": value for path, value in alphas.items()},
        }
        (folder / "adapter_config.json").write_text(json.dumps(config))
    check(pipeline, changes, read_lora(save(file, tensors)))


def name_old(part: str, path: str) -> tuple[str, dict[str, str]]:
    if part == "text_encoder":
        return f"{part}.{path}", {side: f".lora_linear_layer.{side}.weight" for side in ("down", "up")}
    name = re.sub(r"\.to_(q|k|v|out)(\.0)?$", r".processor.to_\1", path)
    return f"{part}.{name}", {side: f"_lora.{side}.weight" for side in ("down", "up")}


def test_norms_and_a_bias_alone(pipeline, folder):
    torch.manual_seed(0)
    part, path, module = list_layers(pipeline, nn.GroupNorm)[3]
    other_part, other_path, other = list_layers(pipeline, nn.LayerNorm)[-1]
    changes = {(part, path): make_change("norm", module, 1, None, 0.5)}
    changes[other_part, other_path] = make_change("norm", other, 1, None, 0.5)
    tensors = {
        name_kohya(*key) + ending: value for key, change in changes.items() for ending, value in change.tensors.items()
    }
    bias = random(pipeline.unet.conv_in.out_channels)
    changes["unet", "conv_in"] = Change({}, lambda value: pipeline.unet.conv_in(value) + 0.5 * bias[:, None, None])
    tensors["lora_unet_conv_in.diff_b"] = bias
    check(pipeline, changes, read_lora(save(folder / "norms.safetensors", tensors), 0.5))


def test_magnitudes_of_peft_are_of_the_rows_and_biases_count(pipeline, folder):
    torch.manual_seed(0)
    path = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
    module = pipeline.unet.get_submodule(path)
    down, up, bias = random(2, module.in_features), random(module.out_features, 2), random(module.out_features)
    lengths = torch.rand(module.out_features) + 0.5
    merged = module.weight + up @ down
    weight = torch.stack([row / row.norm() * length for row, length in zip(merged, lengths, strict=True)])
    name = f"unet.{path}"
    tensors = {f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up, f"{name}.lora_B.bias": bias}
    tensors[f"{name}.lora_magnitude_vector.weight"] = lengths
    changes = {("unet", path): Change({}, lambda value: nn.functional.linear(value, weight, bias))}
    check(pipeline, changes, read_lora(save(folder / "magnitudes.safetensors", tensors)))


def test_several_loras_of_different_kinds_change_the_same_layer(pipeline, folder):
    torch.manual_seed(0)
    path = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
    module = pipeline.unet.get_submodule(path)
    first, second = make_change("loha", module, 3, 2.0, 0.5), make_change("lora", module, 2, None, -1.0)
    files = [
        save(
            folder / f"{number}.safetensors", {f"{name_kohya('unet', path)}{end}": v for end, v in each.tensors.items()}
        )
        for number, each in enumerate((first, second))
    ]
    both = Change({}, lambda value: first.forward(value) + second.forward(value) - module(value))
    check(pipeline, {("unet", path): both}, read_lora(files[0], 0.5), read_lora(files[1], -1.0))


def test_every_layer_of_stable_diffusion_xl_by_its_original_name_is_the_one_that_diffusers_finds(pipeline_xl, folder):
    """Adding a plain LoRA checks that diffusers changed the layers of our own table."""
    names = {"add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2"}
    tensors = {}
    for path, module in pipeline_xl.unet.named_modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            original = names.get(path) or name_original(pipeline_xl.unet, path)
            rows, columns, *kernel = module.weight.shape
            name = f"lora_unet_{original.replace('.', '_')}"
            tensors[f"{name}.lora_down.weight"] = random(2, columns, *kernel)
            tensors[f"{name}.lora_up.weight"] = random(rows, 2, *(1 for _ in kernel))
    for number in (1, 2):
        name = f"lora_te{number}_text_model_encoder_layers_0_self_attn_out_proj"
        tensors |= {f"{name}.lora_down.weight": random(2, 32), f"{name}.lora_up.weight": random(32, 2)}
    lora = read_lora(save(folder / "xl.safetensors", tensors))
    assert choose_method([lora]) == ADDED
    add_to_copy(pipeline_xl, lora)


def make_plain(name: str, module: nn.Module, rank: int = 2, alpha: float | None = None) -> dict[str, torch.Tensor]:
    change = make_change("lora", module, rank, alpha, 1.0)
    return {name + ending: value for ending, value in change.tensors.items()}


def test_what_diffusers_reads_as_it_is_meant_is_left_to_diffusers(pipeline, folder):
    """The bytes of pictures with such LoRAs are those of the plain script."""
    query = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
    key, module = query.replace("to_q", "to_k"), pipeline.unet.get_submodule(query)
    same = make_plain(name_kohya("unet", query), module, 2, 1.0) | make_plain(name_kohya("unet", key), module, 2, 1.0)
    for name, tensors, method in (
        ("same", same, ADDED),
        ("half", {name: value.half() for name, value in same.items()}, ADDED),
        ("bfloat", {name: value.bfloat16() for name, value in same.items()}, ADDED),
        ("ranks", same | make_plain(name_kohya("unet", key), module, 3, 1.0), MERGED),
        ("alphas", same | make_plain(name_kohya("unet", key), module, 2, 2.0), MERGED),
        ("none", {name: value for name, value in same.items() if not name.endswith(".alpha")}, ADDED),
        ("one alpha", {name: value for name, value in same.items() if not name.endswith("to_k.alpha")}, MERGED),
    ):
        assert (name, choose_method([read_lora(save(folder / f"{name}.safetensors", tensors))])) == (name, method)
    assert choose_method([read_lora(save(folder / "UPPER.SAFETENSORS", same))]) == MERGED
