"""Pictures name their local models and LoRAs; here they are found again, or named to the user."""

from dataclasses import replace
from pathlib import Path

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.models.weights import WeightHashes
from seedlab.core.recipes.additions import Lora
from seedlab.images.metadata import Metadata
from seedlab.workflow.pictures.local_files import LocalFiles, Places
from tests.examples import ENVIRONMENT, MODEL, RECIPE, make_lineage

SHA256 = {"ink": "ab" * 32, "rain": "cd" * 32}
"""The hashes of LoRAs, by what their files contain."""


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with a model and two LoRAs."""
    (tmp_path / "shore.safetensors").write_text("a model")
    for name in SHA256:
        (tmp_path / f"{name}.safetensors").write_text(name)
    return tmp_path


def find_model(address):
    if not Path(address).is_absolute():
        raise SeedLabError(f"There is no model “{address}”.")
    return replace(MODEL, model_id=address)


def read_loras(text):
    return tuple(Lora(file=line, sha256=SHA256[Path(line).read_text()], weight=1) for line in text.splitlines() if line)


def make_metadata(model_id="sketch", *loras):
    recipe = replace(RECIPE, prompt="a cat, artsy", model_id=model_id, loras=loras)
    lineage = make_lineage(recipe, ", artsy")
    return Metadata(recipe=recipe, environment=ENVIRONMENT, lineage=lineage, hashes=WeightHashes(checkpoint="12" * 32))


def locate(metadata, known=(), offered=None, **places):
    files = LocalFiles(find_model=find_model, read_loras=read_loras, list_known=lambda: known, offered=offered)
    return files.locate(metadata, Places(model_advice="choose it", lora_advice="give its path", **places))


INK = Lora(file="./ink.safetensors", sha256=SHA256["ink"], weight=0.5)


@pytest.mark.parametrize("way", ["model", "models", "known", "folders"])
def test_a_model_is_found_by_its_name(folder, way):
    path = str(folder / "shore.safetensors")
    value = {
        "model": path,
        "models": ("sketch", path),
        "known": ("/gone/shore.safetensors", path),
        "folders": (folder,),
    }
    located = locate(make_metadata("./shore.safetensors"), **{way: value[way]})
    assert located.recipe == replace(make_metadata(path).recipe)
    assert located.lineage[0].parent.model_id == path


def test_a_model_that_is_named_by_the_user_may_have_another_name(folder):
    path = str(folder / "ink.safetensors")
    assert locate(make_metadata("./shore.safetensors"), model=path).recipe.model_id == path


def test_a_model_that_is_not_here_is_named_with_its_hash(folder):
    with pytest.raises(SeedLabError) as caught:
        locate(make_metadata("./lake.safetensors"), known=(str(folder / "shore.safetensors"),), folders=(folder,))
    assert str(caught.value) == (
        "This picture needs the model “lake.safetensors” (SHA-256 121212121212…), which is not here: choose it."
    )


def test_an_old_picture_says_where_its_model_was(folder):
    path = str(folder / "shore.safetensors")
    assert locate(make_metadata(path)).recipe.model_id == path
    assert locate(make_metadata("/gone/shore.safetensors"), folders=(folder,)).recipe.model_id == path
    assert locate(make_metadata("C:\\gone\\shore.safetensors"), folders=(folder,)).recipe.model_id == path
    with pytest.raises(SeedLabError, match=r"needs the model “shore\.safetensors”"):
        locate(make_metadata("/gone/shore.safetensors"))


@pytest.mark.parametrize("path", ["\\\\host\\share\\shore.safetensors", "//host/share/shore.safetensors"])
def test_a_picture_makes_nobody_look_at_a_share(path, monkeypatch):
    monkeypatch.setattr(Path, "exists", lambda path: pytest.fail(f"looked at {path}"))
    with pytest.raises(SeedLabError, match="is not here"):
        locate(make_metadata(path))


def test_other_models_need_no_file(folder):
    for model_id in ("sketch", "owner/name"):
        assert locate(make_metadata(model_id)) == make_metadata(model_id)
        with pytest.raises(SeedLabError, match="whose files need no path"):
            locate(make_metadata(model_id), model=str(folder))


@pytest.mark.parametrize("way", ["loras", "known", "folders"])
def test_a_lora_is_found_by_its_name_and_hash(folder, way):
    path = str(folder / "ink.safetensors")
    value = {"loras": path, "known": (path,), "folders": (folder,)}
    located = locate(make_metadata("sketch", INK), **{way: value[way]})
    assert located.recipe.loras == located.lineage[0].parent.loras == (replace(INK, file=path),)


def test_a_lora_that_was_renamed_is_found_by_its_hash_where_the_user_names_it(folder):
    renamed = replace(INK, file="./tusche.safetensors")
    given = f"{folder / 'rain.safetensors'}\n{folder / 'ink.safetensors'}"
    assert locate(make_metadata("sketch", renamed), loras=given).recipe.loras[0].file == str(folder / "ink.safetensors")


def test_a_lora_that_is_another_one_is_not_used(folder):
    other = replace(INK, sha256="ef" * 32)
    with pytest.raises(SeedLabError) as caught:
        locate(make_metadata("sketch", other), folders=(folder,))
    assert str(caught.value) == (
        "This picture needs the LoRA “ink.safetensors” (SHA-256 efefefefefef…), and the file of that name here is "
        "another one: give its path."
    )
    with pytest.raises(SeedLabError, match=r"“ink\.safetensors” \(SHA-256 abababababab…\), which is not here"):
        locate(make_metadata("sketch", INK))


def test_a_public_host_looks_at_no_file(monkeypatch):
    monkeypatch.setattr(Path, "exists", lambda path: pytest.fail(f"looked at {path}"))
    metadata = make_metadata("/secret/shore.safetensors", replace(INK, file="/secret/ink.safetensors"))
    located = locate(metadata, known=("/secret/shore.safetensors",), offered=("sketch", "./shore.safetensors"))
    assert located.recipe.model_id == "./shore.safetensors"
    assert located.recipe.loras == (INK,)
