"""What people write and bring as LoRAs, and the sentence that they read."""

import copy
import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save, save_file

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.pipelines.loaded.loras.adding import add_loras
from seedlab.pipelines.loaded.loras.lines import check_loras, read_loras

pytest.importorskip("peft")

QUERY = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
SMALL = {f"{QUERY}.lora_down.weight": torch.ones(2, 64), f"{QUERY}.lora_up.weight": torch.ones(64, 2)}
WHOLE = len(save(SMALL))
HUGE = (60_000_000).to_bytes(8, "little") + b"{" + b" " * 100


def write(folder: Path, name: str, content: bytes | dict[str, torch.Tensor]) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else save(content))
    return file


def explain(text: str) -> str:
    with pytest.raises(RecipeError) as caught:
        read_loras(text)
    assert caught.value.field == "loras"
    return str(caught.value)


@pytest.fixture
def ink(tmp_path) -> Path:
    return write(tmp_path, "ink.safetensors", SMALL)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "<lora:ink:0.8>",
            "“<lora:ink:0.8>” is a tag of other programs: write the path of the file, as in "
            "“/path/to/ink.safetensors 0.8”.",
        ),
        (
            "<lyco: ink >",
            "“<lyco: ink >” is a tag of other programs: write the path of the file, as in "
            "“/path/to/ink.safetensors 1”.",
        ),
        (
            "https://civitai.com/models/1",
            "“https://civitai.com/models/1” is an address: download the file, and write its path here.",
        ),
        (
            "~nouser/x.safetensors",
            "There is no LoRA “~nouser/x.safetensors”: write the path of a .safetensors file.",
        ),
        ("x" * 5000, f"There is no LoRA “{'x' * 80}”: write the path of a .safetensors file."),
        ("a\0b.safetensors", "There is no LoRA “a\0b.safetensors”: write the path of a .safetensors file."),
        (f"/{'y' * 5000}.safetensors 1", f"There is no LoRA “/{'y' * 79}”: write the path of a .safetensors file."),
        ("ink.safetensors:0.8", "There is no LoRA “ink.safetensors”: write the path of a .safetensors file."),
        ("ink.SAFETENSORS strong", "There is no LoRA “ink.SAFETENSORS”: write the path of a .safetensors file."),
        ("ink 0.8", "There is no LoRA “ink 0.8”: write the path of a .safetensors file."),
        (
            "x.ckpt",
            "“x.ckpt” is a pickle, which can run any program when it is opened: use a .safetensors file of the same "
            "LoRA.",
        ),
    ],
)
def test_lines_that_name_no_file(line, sentence):
    assert explain(line) == sentence


@pytest.mark.parametrize(
    ("weight", "value"),
    [
        ("", 1.0),
        (" 0.8", 0.8),
        (":0.8", 0.8),
        (" 0,8", 0.8),
        (" ０．８", 0.8),
        (" = -1", -1.0),
        (" −0.5", -0.5),
        (" .5", 0.5),
        (" +2", 2.0),
    ],
)
def test_weights_as_people_write_them(ink, weight, value):
    assert [lora.weight for lora in read_loras(f"{ink}{weight}")] == [value]
    assert [lora.weight for lora in read_loras(f'"{ink}"{weight}')] == [value]


@pytest.mark.parametrize("weight", ["strong", "0.8.1", "1/2", "80%", "0.8 0.5"])
def test_a_weight_that_is_no_number_is_quoted(ink, weight):
    assert explain(f"{ink} {weight}") == (
        f"The weight “{weight}” of “ink.safetensors” is not a number: write one from -10 to 10, as in "
        "“ink.safetensors 0.8”."
    )


@pytest.mark.parametrize("weight", ["11", "-10.5", "nan", "1e9", "inf"])
def test_a_weight_out_of_range_is_refused(ink, weight):
    assert explain(f"{ink} {weight}") == "The weight of a LoRA must be a number from -10 to 10."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not a readable safetensors file: download it again."),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0",
            "only stands for a file that Git LFS has not brought: download it again.",
        ),
        (
            b"<!DOCTYPE html><html>",
            "is a web page, not a LoRA: download the file itself; you may have to log in first.",
        ),
        (b'{"error": "not found"}', "is a text file, not a LoRA: download the file itself."),
        (b"PK\3\4rest", "is not a safetensors file, whatever its name says: use a .safetensors file."),
        (save(SMALL)[:-9], f"is cut short ({WHOLE - 9:,} of {WHOLE:,} bytes are here): download it again."),
        (save(SMALL)[:40], "is not a readable safetensors file: download it again."),
        (HUGE, "download it again."),
        ((2**40).to_bytes(8, "little") + b"x" * 100, "is not a readable safetensors file: download it again."),
        ({"model.weight": torch.ones(2)}, "is not a LoRA: if it is a model, choose it as the model."),
        ({"emb_params": torch.ones(2, 768)}, "is not a LoRA"),
        (
            {f"{QUERY}.oft_blocks": torch.ones(2, 4, 4)},
            "is an OFT, which SeedLab does not support: choose a LoRA, LoCon, LoHa or LoKr.",
        ),
        (
            {f"{QUERY}.{part}.weight": torch.ones(2, 2) for part in ("a1", "a2", "b1", "b2")},
            "is a GLoRA, which SeedLab does not support",
        ),
        ({f"{QUERY}.lora_down.weight": torch.ones(2, 64)}, f"lacks weights of the layer “{QUERY}”: download it again."),
        (
            SMALL | {f"{QUERY}.novelty": torch.ones(2)},
            f"is of a kind that SeedLab does not support (“{f'{QUERY}.novelty'[:80]}”): choose another.",
        ),
    ],
)
def test_files_that_are_no_lora(tmp_path, content, words):
    sentence = explain(str(write(tmp_path, "ink.safetensors", content)))
    assert sentence.startswith("“ink.safetensors” ")
    assert words in sentence


def test_a_header_whose_length_looks_like_another_format_is_read(tmp_path):
    """Its first bytes are the header's length, and any: 0x4b50 of them are "PK" in the file."""
    data = save(SMALL)
    end = 8 + int.from_bytes(data[:8], "little")
    for wanted in (0x4B50, 0x43C, 0x47B):
        content = wanted.to_bytes(8, "little") + data[8:end].ljust(wanted) + data[end:]
        assert len(read_loras(str(write(tmp_path, "ink.safetensors", content)))) == 1


def test_a_huge_header_is_not_read(tmp_path, monkeypatch):
    file = write(tmp_path, "ink.safetensors", HUGE)
    os.truncate(file, 70_000_000)  # sparse
    monkeypatch.setattr(json, "loads", lambda _: pytest.fail("parsed"))
    assert explain(str(file)) == "“ink.safetensors” is not a readable safetensors file: download it again."


@pytest.mark.parametrize("name", ["INK.SAFETENSORS", "ink.Safetensors", "ink  two.safetensors", "name:0.5.safetensors"])
def test_endings_in_any_case_and_unusual_names_are_read(tmp_path, name):
    file = write(tmp_path, name, SMALL)
    for text in (f"{file}", f"{file} 0.5"):
        assert [lora.file for lora in read_loras(text)] == [str(file)]


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "pytorch_lora_weights.safetensors", "only.safetensors"])
def test_a_folder_with_one_lora_is_its_address(tmp_path, name):
    file = write(tmp_path, f"style.v1/{name}", SMALL)
    for text in (f"{file.parent}", f"{file.parent}/ 0.5", f"{file.parent}:0,5"):
        assert [lora.file for lora in read_loras(text)] == [str(file)]


def test_links_into_a_cache_are_followed(tmp_path):
    """As huggingface_hub makes them: the files have their hashes for names, and no endings."""
    write(tmp_path / "blobs", "abab.safetensors", SMALL).rename(tmp_path / "blobs/abab")
    for name in ("style/pytorch_lora_weights.safetensors", "other/only.safetensors"):
        link = tmp_path / name
        link.parent.mkdir()
        link.symlink_to(tmp_path / "blobs/abab")
        for text in (f"{link}", f"{link.parent} 0.5"):
            loras = read_loras(text)
            assert [lora.file for lora in loras] == [str(link)]
            check_loras(loras)


def test_a_folder_without_a_lora_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    assert explain(str(tmp_path / "empty")) == "“empty” is not a LoRA: write the path of a .safetensors file."


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"peft_type": "OFT", "r": 4}, "is of the kind OFT, which SeedLab does not support"),
        ({"r": 4, "init_lora_weights": "pissa_niter_4"}, "is of the kind PISSA_NITER_4, which SeedLab does not"),
        ({"r": "four"}, "has a configuration that cannot be read: download it again."),
        ({"r": 4, "alpha_pattern": {"(": 1}}, "has a configuration that cannot be read: download it again."),
        ([], "has a configuration that cannot be read: download it again."),
    ],
)
def test_configurations_of_peft_that_cannot_be_used(tmp_path, config, words):
    file = write(tmp_path, "adapter_model.safetensors", SMALL)
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    assert words in explain(str(file))


def test_the_configuration_of_peft_is_part_of_the_hash(tmp_path):
    file = write(tmp_path, "adapter_model.safetensors", SMALL)
    hashes = set()
    for alpha in (4, 8):
        (tmp_path / "adapter_config.json").write_text(json.dumps({"r": 2, "lora_alpha": alpha}))
        hashes.add(read_loras(str(file))[0].sha256)
    assert len(hashes) == 2


def fail_to_add(pipeline, file: Path) -> str:
    with pytest.raises(SeedLabError) as caught:
        add_loras(pipeline, read_loras(str(file)))
    return str(caught.value)


@pytest.fixture(scope="module")
def pipeline(tiny):
    from diffusers import StableDiffusionPipeline

    return StableDiffusionPipeline.from_pretrained(tiny)


@pytest.mark.parametrize(
    "endings",
    [
        {".hada_w1_a": (63, 2), ".hada_w1_b": (2, 9), ".hada_w2_a": (63, 2), ".hada_w2_b": (2, 9)},
        {".lokr_w1": (2, 3), ".lokr_w2": (3, 3)},
        {".diff": (63, 64)},
        {".weight": (63,), ".on_input": ()},
        {".lora_down.weight": (2, 999), ".lora_up.weight": (63, 2)},
    ],
)
def test_shapes_of_another_model_are_called_so(pipeline, tmp_path, endings):
    tensors = {QUERY + ending: torch.ones(shape) for ending, shape in endings.items()}
    assert fail_to_add(pipeline, write(tmp_path, "ink.safetensors", tensors)) == (
        "The LoRA “ink.safetensors” does not fit this model: it was made for another kind. Choose another."
    )


@pytest.mark.parametrize(
    "name",
    [
        "lora_unet_double_blocks_0_img_attn_qkv",
        "transformer.single_transformer_blocks.0.attn.to_q",
        "diffusion_model.joint_blocks.0.x_block.attn.qkv",
    ],
)
def test_loras_of_transformers_do_not_fit_a_unet(pipeline, tmp_path, name):
    tensors = {f"{name}.lora_A.weight": torch.ones(2, 64), f"{name}.lora_B.weight": torch.ones(64, 2)}
    sentence = fail_to_add(pipeline, write(tmp_path, "ink.safetensors", tensors))
    assert sentence.endswith("does not fit this model: it was made for another kind. Choose another.")


def test_unknown_names_are_not_called_another_kind(pipeline, tmp_path):
    tensors = {f"mine.down_blocks.1.to_q.lora_{side}.weight": torch.ones(2, 2) for side in "AB"}
    assert fail_to_add(pipeline, write(tmp_path, "ink.safetensors", tensors)) == (
        "The LoRA “ink.safetensors” cannot be used with this model: 1 of its 1 layers are not in it, such as "
        "“mine.down_blocks.1.to_q”. It is for another model, or names its layers in a way that SeedLab does not know."
    )


@pytest.mark.parametrize("has_config", [True, False])
def test_peft_weights_without_their_configuration_have_no_known_scale(pipeline, tmp_path, has_config):
    path = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
    name = f"base_model.model.{path}"
    tensors = {f"{name}.lora_A.weight": torch.ones(2, 64), f"{name}.lora_B.weight": torch.ones(64, 2)}
    file = write(tmp_path, "style/adapter_model.safetensors", tensors)
    if has_config:
        (file.parent / "adapter_config.json").write_text(json.dumps({"r": 2, "lora_alpha": 4}))
    notices = []
    add_loras(copy.deepcopy(pipeline), read_loras(str(file)), notices.append)
    sentence = (
        "The LoRA “style/adapter_model.safetensors” is used with the scale 1, as the adapter_config.json that gives "
        "its scale is missing: keep both files in one folder, under the names that PEFT gave them."
    )
    assert notices == ([] if has_config else [sentence])


def test_what_is_not_used_is_named(tiny, tmp_path):
    from diffusers import StableDiffusionPipeline

    other = QUERY.replace("down_blocks_1", "down_blocks_7")
    unused = {name.replace(QUERY, other): value.clone() for name, value in SMALL.items()}
    unused |= {"bundle_emb.inky.string_to_param.*": torch.ones(1, 32), "ema_decay": torch.ones(1)}
    file = tmp_path / "ink.safetensors"
    save_file(SMALL | unused, file)
    notices = []
    pipeline = StableDiffusionPipeline.from_pretrained(tiny)
    before = pipeline.unet.down_blocks[1].attentions[0].transformer_blocks[0].attn1.to_q.weight.clone()
    add_loras(pipeline, read_loras(str(file)), notices.append)
    assert notices == [
        "Not used of the LoRA “ink.safetensors”: the embedding in it (“inky”): SeedLab uses no embeddings; weights "
        "that belong to no layer (“ema_decay”).",
        f"Not used of the LoRA “ink.safetensors”: 1 of its 2 layers, which are not in this model, such as “{other}”.",
    ]
    after = pipeline.unet.down_blocks[1].attentions[0].transformer_blocks[0].attn1.to_q.weight
    assert torch.equal(after, before + 2)
