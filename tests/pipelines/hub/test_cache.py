"""The Hub, stood in for by a server on loopback: what is found and downloaded, and what is said where that fails."""

import json
import shutil
from pathlib import Path

from tests.pipelines.builders import build_flux
from tests.pipelines.fake_hub import COMMIT

FIND_COMMIT = """
from seedlab.pipelines.hub.cache import find_commit
from seedlab.core.errors import SeedLabError

known = ["stable-diffusion-v1-5/stable-diffusion-v1-5", "works/tiny"]
try:
    answer(find_commit(*argument, known))
except SeedLabError as error:
    answer(str(error))
"""

SUGGEST = """
from seedlab.pipelines.loaded.sources import KNOWN
from seedlab.pipelines.hub.cache import find_commit
from seedlab.core.errors import SeedLabError

try:
    find_commit("runwayml/stable-diffusion-v1.5", None, KNOWN)
except SeedLabError as error:
    answer(str(error))
"""

FIND = """
from seedlab.pipelines.hub.cache import find_snapshot

folder = find_snapshot(*argument)
answer(folder and str(folder))
"""

DOWNLOAD = """
from seedlab.pipelines.hub.cache import download_snapshot
from seedlab.core.errors import SeedLabError

seen = []
try:
    folder = download_snapshot(*argument, ["works/tiny"], lambda *sizes: seen.append(sizes))
    answer({"folder": str(folder), "seen": seen})
except SeedLabError as error:
    answer({"sentence": str(error)})
"""

MAKE = """
from threading import Event
from seedlab.images.compare import hash_pixels
from seedlab.pipelines.manager import PipelineManager

manager = PipelineManager(device="cpu")
model = manager.resolve(argument)
recipe = model.make_recipe(
    prompt="a boat", seed=0, num_inference_steps=2, height=64, width=64, scheduler="DDIM", dtype="float32"
)
end = list(manager.generate([recipe], Event()))[-1]
same = manager.environment(recipe) == end.environment
schedulers = [each.label for each in model.schedulers]
assert "DDIM" in schedulers and "Flow-match Euler" not in schedulers, schedulers
answer({"revision": recipe.revision, "sha256": hash_pixels(end.image), "same": same})
manager.close()
"""

SCRIPT = """
from pathlib import Path
from threading import Event
from seedlab.cli.main import main
from seedlab.images.compare import hash_pixels
from seedlab.images.metadata import Metadata, write_picture
from seedlab.pipelines.manager import PipelineManager

manager = PipelineManager(device="cpu")
model = manager.resolve(argument[0])
recipe = model.make_recipe(prompt="a boat", seed=0, num_inference_steps=2, height=64, width=64, dtype="float32")
end = list(manager.generate([recipe], Event()))[-1]
manager.close()
folder = Path(argument[1])
write_picture(folder / "flux.png", end.image, Metadata(recipe=recipe, environment=end.environment))
assert main(["script", str(folder / "flux.png"), "--out", str(folder / "plain.py")]) == 0
answer({"uses_true_cfg": model.uses_true_cfg, "sha256": hash_pixels(end.image)})
"""

RESOLVE = """
from seedlab.core.errors import SeedLabError
from seedlab.pipelines.manager import PipelineManager

manager = PipelineManager(device="cpu")
try:
    answer(manager.resolve(argument).name)
except SeedLabError as error:
    answer(str(error))
manager.close()
"""

CONFIGURE = """
from seedlab.pipelines.hub.cache import find_configurations
from seedlab.core.errors import SeedLabError

try:
    answer(str(find_configurations(argument[0], download=argument[1])))
except SeedLabError as error:
    answer(str(error))
"""


def download(worker, model_id, revision=None):
    return worker.ask(DOWNLOAD, [model_id, revision])


def find(worker, model_id, revision=None):
    return worker.ask(FIND, [model_id, revision])


def find_commit(worker, model_id, revision=None):
    return worker.ask(FIND_COMMIT, [model_id, revision])


def test_a_model_is_downloaded_once_and_is_there_without_a_network(hub, online, offline, tiny):
    model_id = hub.add(tiny, "works")
    assert find(online, model_id) is None
    folder = Path(download(online, model_id)["folder"])
    assert folder.name == COMMIT
    weights = "unet/diffusion_pytorch_model.safetensors"
    assert (folder / weights).read_bytes() == (hub.folder / model_id / weights).read_bytes()
    asked = len(hub.log)
    assert find(online, model_id) == find(online, model_id, COMMIT) == find(offline, model_id) == str(folder)
    assert len(hub.log) == asked


def test_a_download_tells_how_far_it_is_in_bytes_of_large_files(hub, online, tiny):
    model_id = hub.add(tiny, "works")
    found = download(online, model_id)
    size = sum(file.stat().st_size for file in Path(found["folder"]).rglob("*.safetensors"))
    assert found["seen"][0] == [0, size]
    assert found["seen"][-1] == [size, size]
    assert found["seen"] == sorted(found["seen"])
    assert download(online, model_id)["seen"] == []


def test_what_came_before_a_download_failed_does_not_come_again(hub, online, tiny):
    model_id, weights = hub.add(tiny, "sick"), "text_encoder/model.safetensors"
    before = hub.count_downloads(weights)
    sentence = download(online, model_id)["sentence"]
    assert sentence.startswith(
        f"{model_id} could not be downloaded from the Hub: check the network and try again (the download resumes)"
    )
    assert find(online, model_id) is None
    hub.well.add(model_id)
    assert "folder" in download(online, model_id)
    assert hub.count_downloads(weights) == before + 1


def test_only_safetensors_are_downloaded(online):
    assert not list(Path(download(online, "works/tiny")["folder"]).rglob("*.bin"))


def test_a_download_that_was_cut_is_taken_up_again(hub, online, tiny):
    model_id, weights = hub.add(tiny, "broken"), "unet/diffusion_pytorch_model.safetensors"
    folder = Path(download(online, model_id)["folder"])
    assert (folder / weights).read_bytes() == (hub.folder / model_id / weights).read_bytes()
    first, then = [byte for method, name, byte in hub.log if (method, name) == ("GET", weights)][-2:]
    assert first == 0 < then


def test_a_gated_model_says_where_its_licence_is(hub, online, tiny):
    model_id = hub.add(tiny, "gated")
    sentence = f"{model_id} is gated: accept its licence at https://huggingface.co/{model_id}, then log in"
    assert download(online, model_id)["sentence"].startswith(sentence)
    assert find_commit(online, model_id).startswith(sentence)


def test_a_model_that_is_not_there_and_what_may_have_been_meant(online):
    sentence = (
        "There is no model works/tinny on the Hub: check the id; did you mean works/tiny. If it is private, log in."
    )
    assert download(online, "works/tinny")["sentence"] == find_commit(online, "works/tinny") == sentence
    assert "did you mean" not in find_commit(online, "somebody/something")
    assert "did you mean" not in find_commit(online, "stable-diffusion-v1-5/stable-diffusion-v1-5"), "it is itself"
    assert "did you mean runwayml/stable-diffusion-v1-5." in online.ask(SUGGEST)


def test_a_revision_that_is_not_there(online):
    assert download(online, "works/tiny", "v9")["sentence"].startswith("works/tiny has no revision “v9”")
    assert find_commit(online, "works/tiny", "v9").startswith("works/tiny has no revision “v9”")


def test_a_token_that_the_hub_does_not_know_and_too_many_questions(hub, online, tiny):
    private, busy = hub.add(tiny, "private"), hub.add(tiny, "busy")
    assert find_commit(online, private).startswith("The Hub rejects the token of the machine that runs SeedLab")
    assert download(online, private)["sentence"] == find_commit(online, private)
    assert find_commit(online, busy).startswith("The Hub limits the requests from here: wait a few minutes")
    assert download(online, busy)["sentence"] == find_commit(online, busy)


def test_pickled_weights_are_refused(hub, online, tiny):
    model_id = hub.add(tiny, "pickled")
    for weights in (hub.folder / model_id).rglob("*.safetensors"):
        weights.rename(weights.with_suffix(".bin"))
    assert download(online, model_id)["sentence"].startswith(f"{model_id} has no safetensors weights")


def test_what_is_no_pipeline_is_said(hub, online, tiny):
    model_id = hub.add(tiny, "bare")
    (hub.folder / model_id / "model_index.json").unlink()
    assert download(online, model_id)["sentence"].startswith(f"{model_id} is not a diffusers pipeline")
    assert find_commit(online, model_id).startswith(f"{model_id} is not a diffusers pipeline")


def test_without_a_network_the_sentence_says_so(hub, offline):
    asked, sentence = len(hub.log), "works/other could not be downloaded from the Hub: check the network and try again"
    assert download(offline, "works/other")["sentence"].startswith(sentence)
    assert find_commit(offline, "works/other").startswith(sentence)
    assert find(offline, "works/other") is None
    assert len(hub.log) == asked


def test_a_branch_stands_for_a_commit_which_is_known_without_a_network_too(hub, online, offline, tiny):
    model_id = hub.add(tiny, "works")
    assert find_commit(online, model_id) == COMMIT
    assert find_commit(offline, model_id, "main") == COMMIT
    assert find(online, model_id, COMMIT) is None
    folder = download(online, model_id, COMMIT)["folder"]
    assert Path(folder).name == COMMIT
    assert find_commit(offline, model_id) == COMMIT
    assert find(offline, model_id, COMMIT) == folder


def test_a_commit_needs_no_asking(hub, offline):
    assert find_commit(offline, "works/other", "a" * 40) == "a" * 40


def test_a_recipe_of_the_hub_names_its_commit_and_gives_the_same_picture_without_a_network(hub, online, offline, tiny):
    model_id = hub.add(tiny, "works")
    made = online.ask(MAKE, model_id)
    assert made["revision"] == COMMIT
    assert made["same"]
    assert offline.ask(MAKE, f"{model_id}@main") == made


def test_the_script_of_a_model_that_the_catalogue_does_not_know_gives_the_same_bytes(hub, online, tmp_path):
    """One with true guidance, which its index alone does not tell."""
    model_id = hub.add(build_flux(tmp_path, guidance_embeds=False), "works")
    made = online.ask(SCRIPT, [model_id, str(tmp_path)])
    assert made["uses_true_cfg"]
    script = (tmp_path / "plain.py").read_text(encoding="utf-8")
    assert "true_cfg_scale=3.5" in script
    code = f"import os\nos.chdir(argument)\n{script}answer(hashlib.sha256(image.tobytes()).hexdigest())"
    assert online.ask(code, str(tmp_path)) == made["sha256"]


def test_what_a_checkpoint_is_read_with_comes_once_and_without_weights(hub, online, offline, tiny):
    model_id = hub.add(tiny, "works")
    assert "could not be downloaded" in online.ask(CONFIGURE, [model_id, False])
    folder = Path(online.ask(CONFIGURE, [model_id, True]))
    assert (folder / "tokenizer" / "vocab.json").is_file() or (folder / "tokenizer" / "tokenizer.json").is_file()
    assert (folder / "unet" / "config.json").is_file()
    assert not list(folder.rglob("*.safetensors"))
    asked = len(hub.log)
    for download in (False, True):
        assert offline.ask(CONFIGURE, [model_id, download]) == str(folder)
    assert len(hub.log) == asked


def build_variant(folder: Path, tiny: Path) -> Path:
    """Copy a pipeline with fp16 files alone, and with a safety checker that is a pickle."""
    copy = Path(shutil.copytree(tiny, folder / "variant"))
    for file in copy.glob("*/*.safetensors"):
        file.rename(file.with_name(f"{file.stem}.fp16.safetensors"))
    (copy / "safety_checker").mkdir()
    (copy / "safety_checker" / "config.json").write_text("{}")
    (copy / "safety_checker" / "pytorch_model.bin").write_bytes(b"a pickle")
    index = json.loads((copy / "model_index.json").read_text())
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    (copy / "model_index.json").write_text(json.dumps(index))
    return copy


def test_a_repository_of_fp16_files_with_a_pickled_safety_checker_makes_the_pictures_of_its_script(
    hub, online, offline, tiny, tmp_path
):
    model_id = hub.add(build_variant(tmp_path, tiny), "works")
    made = online.ask(SCRIPT, [model_id, str(tmp_path)])
    script = (tmp_path / "plain.py").read_text(encoding="utf-8")
    assert "variant='fp16', safety_checker=None" in script
    folder = Path(find(offline, model_id))
    assert not list(folder.glob("*/*.bin"))
    code = f"import os\nos.chdir(argument)\n{script}answer(hashlib.sha256(image.tobytes()).hexdigest())"
    assert offline.ask(code, str(tmp_path)) == made["sha256"]


def test_an_inpainting_model_of_the_hub_is_refused_before_its_weights_are_downloaded(hub, online, tiny, tmp_path):
    folder = Path(shutil.copytree(tiny, tmp_path / "inpainting"))
    config = folder / "unet" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"in_channels": 9}))
    model_id = hub.add(folder, "works")
    asked = len(hub.log)
    sentence = online.ask(RESOLVE, model_id)
    assert sentence.startswith(f"“{model_id}” is an inpainting model, which fills a masked part of a picture.")
    assert not any(name.endswith(".safetensors") for _, name, _ in hub.log[asked:])
