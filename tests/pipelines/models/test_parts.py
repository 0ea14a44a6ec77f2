"""Good models whose files are named or arranged in other ways are loaded."""

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel

from seedlab.core.errors import RecipeError
from seedlab.pipelines.loaded.loading import load_pipeline
from seedlab.pipelines.loaded.sources import find_source
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.models.parts import Parts, choose_parts
from seedlab.pipelines.resolver import ModelResolver
from tests.pipelines.models.test_refusals import rewrite

CHECKER = ["stable_diffusion", "StableDiffusionSafetyChecker"]
EXTRACTOR = ["transformers", "CLIPImageProcessor"]


def load(path: Path):
    """Return the pipeline at a path, and the notices about it."""
    notices = []
    return load_pipeline(
        find_source(find_model(str(path)), download=False), "float32", "cpu", (), notices.append
    ), notices


def name_variant(folder: Path, variant: str) -> None:
    for file in folder.glob("*/*.safetensors"):
        file.rename(file.with_name(f"{file.stem}.{variant}.safetensors"))


def shard_variant(folder: Path) -> None:
    name_variant(folder, "fp16")
    unet = UNet2DConditionModel.from_pretrained(folder / "unet", variant="fp16")
    (folder / "unet" / "diffusion_pytorch_model.fp16.safetensors").unlink()
    unet.save_pretrained(folder / "unet", variant="fp16", max_shard_size="500KB")
    assert len(list(folder.glob("unet/*.fp16-*.safetensors"))) > 1


def mark(folder: Path) -> None:
    for name in ("model_index.json", "unet/config.json", "tokenizer/tokenizer_config.json"):
        file = folder / name
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())


def shout(folder: Path) -> None:
    for file in folder.glob("*/*.safetensors"):
        file.rename(file.with_name(f"{file.stem}.SAFETENSORS"))


@pytest.mark.parametrize(
    ("change", "reading"),
    [
        (lambda folder: name_variant(folder, "fp16"), (("variant", "fp16"),)),
        (lambda folder: name_variant(folder, "non_ema"), (("variant", "non_ema"),)),
        (shard_variant, (("variant", "fp16"),)),
        (mark, ()),
        (shout, ()),
    ],
    ids=["fp16", "non_ema", "sharded fp16", "byte order mark", "capital endings"],
)
def test_a_folder_with_its_files_named_otherwise_is_loaded(folder, tiny, change, reading):
    change(folder)
    assert find_model(str(folder)).reading == reading
    pipeline, notices = load(folder)
    expected = UNet2DConditionModel.from_pretrained(tiny / "unet").conv_in.weight
    assert torch.equal(pipeline.unet.conv_in.weight, expected)
    assert notices == []


def test_a_safety_checker_that_is_missing_or_a_pickle_is_left_out_and_said(folder):
    rewrite(folder / "model_index.json", safety_checker=CHECKER, feature_extractor=EXTRACTOR)
    (folder / "safety_checker").mkdir()
    (folder / "safety_checker" / "config.json").write_text("{}")
    (folder / "safety_checker" / "pytorch_model.bin").write_bytes(b"a pickle")
    assert find_model(str(folder)).reading == (("safety_checker", None), ("feature_extractor", None))
    pipeline, notices = load(folder)
    assert pipeline.safety_checker is None
    assert [notice[:43] for notice in notices] == ["The model is used without the safety checke"]


def test_a_checkpoint_next_to_a_folder_without_its_feature_extractor_is_loaded(checkpoint, tmp_path):
    folder = shutil.copytree(checkpoint.with_suffix(""), tmp_path / "mine")
    rewrite(folder / "model_index.json", safety_checker=CHECKER, feature_extractor=EXTRACTOR)
    os.link(checkpoint, tmp_path / "mine.safetensors")
    pipeline, notices = load(tmp_path / "mine.safetensors")
    assert pipeline.feature_extractor is None
    assert [notice[:48] for notice in notices] == ["The model is used without the feature extractor "]


@pytest.mark.parametrize("name", ["mine.SAFETENSORS", "mine.SafeTensors"])
def test_a_checkpoint_with_a_capital_ending_is_loaded(checkpoint, tmp_path, name):
    (tmp_path / "mine").symlink_to(checkpoint.with_suffix(""))
    os.link(checkpoint, tmp_path / name)
    assert load(tmp_path / name)[0].unet.config.in_channels == 4


def test_a_link_to_a_file_that_is_named_by_its_hash_is_the_checkpoint_that_it_is_called(checkpoint, tmp_path):
    """As huggingface_hub's cache has them."""
    (tmp_path / "mine").symlink_to(checkpoint.with_suffix(""))
    os.link(checkpoint, tmp_path / "0123abcd")
    (tmp_path / "mine.safetensors").symlink_to("0123abcd")
    model = find_model(str(tmp_path / "mine.safetensors"))
    assert (model.name, model.model_id) == ("mine", str(tmp_path / "mine.safetensors"))


def test_a_tokenizer_that_says_no_limit_is_refused_before_a_prompt_reaches_it(folder):
    config = folder / "tokenizer" / "tokenizer_config.json"
    data = json.loads(config.read_text())
    del data["model_max_length"]
    config.write_text(json.dumps(data))
    with pytest.raises(Exception, match="does not say how many tokens its tokenizer reads"):
        load(folder)


@pytest.mark.parametrize(
    ("files", "parts"),
    [
        (["model.safetensors", "model.fp16.safetensors"], Parts()),
        (["model.fp16.safetensors"], Parts("fp16")),
        (["model.fp16-00001-of-00002.safetensors", "model.safetensors.index.fp16.json"], Parts("fp16")),
        (["model-00001-of-00002.fp16.safetensors"], Parts("fp16")),
        (["model.bf16.safetensors", "model.fp16.safetensors"], Parts("fp16")),
        (["model.mine.safetensors"], Parts("mine")),
        (["model-00001-of-00002.safetensors", "model.safetensors.index.json"], Parts()),
    ],
)
def test_plain_weights_come_first_and_then_the_variants(files, parts):
    assert choose_parts({"text_encoder": "CLIPTextModel"}, {"text_encoder": files}, "mine") == parts


def test_variants_none_of_which_is_complete_are_refused():
    files = {"unet": ["model.fp16.safetensors"], "vae": ["model.bf16.safetensors"]}
    with pytest.raises(RecipeError, match="has weights in several variants, none of which is complete"):
        choose_parts({"unet": "UNet2DConditionModel", "vae": "AutoencoderKL"}, files, "mine")


def test_a_public_host_names_its_models_and_never_their_paths(folder):
    resolver = ModelResolver(None, lambda half: half, ("sketch", str(folder)))
    with pytest.raises(RecipeError, match=r"^This server offers only: sketch, mine\.$"):
        resolver.find("owner/name")
    assert resolver.find("Mine").model_id == str(folder)
    assert resolver.find("SKETCH").model_id == "sketch"
