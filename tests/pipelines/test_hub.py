"""The Hub, stood in for by a server on loopback: downloads, cut downloads, and what is said where one fails."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.pipelines.builders import build_flux
from tests.pipelines.fake_hub import COMMIT, Hub

ASK = """
import json, sys
from seedlab.pipelines.hub import find_commit, find_snapshot
from seedlab.recipe import SeedLabError

model_id, revision, download, commit = json.loads(sys.argv[1])
known = ["stable-diffusion-v1-5/stable-diffusion-v1-5", "works/tiny"]
try:
    if commit:
        print(json.dumps({"commit": find_commit(model_id, revision, known)}))
    else:
        seen = []
        tell = lambda *sizes: seen.append(sizes)
        folder = find_snapshot(model_id, revision, download=download, known=known, tell=tell)
        print(json.dumps({"folder": str(folder), "seen": seen}))
except SeedLabError as error:
    print(json.dumps({"sentence": str(error)}))
"""


MAKE = """
import json, sys
from threading import Event
from seedlab.images.compare import hash_pixels
from seedlab.pipelines.manager import PipelineManager

manager = PipelineManager(device="cpu")
recipe = manager.describe(sys.argv[1]).make_recipe(
    prompt="a boat", seed=0, num_inference_steps=2, height=64, width=64, scheduler="DDIM", dtype="float32"
)
end = list(manager.generate([recipe], Event()))[-1]
same = manager.environment(recipe) == end.environment
schedulers = [each.label for each in manager.describe(sys.argv[1]).schedulers]
assert "DDIM" in schedulers and "Flow-match Euler" not in schedulers, schedulers
print(json.dumps({"revision": recipe.revision, "sha256": hash_pixels(end.image), "same": same}))
manager.close()
"""


SCRIPT = """
import json, sys
from pathlib import Path
from threading import Event
from seedlab.cli import main
from seedlab.images.compare import hash_pixels
from seedlab.images.metadata import Metadata, write_picture
from seedlab.pipelines.manager import PipelineManager

manager = PipelineManager(device="cpu")
model = manager.describe("works/flux")
recipe = model.make_recipe(prompt="a boat", seed=0, num_inference_steps=2, height=64, width=64, dtype="float32")
end = list(manager.generate([recipe], Event()))[-1]
manager.close()
folder = Path(sys.argv[1])
write_picture(folder / "flux.png", end.image, Metadata(recipe=recipe, environment=end.environment))
assert main(["script", str(folder / "flux.png"), "--out", str(folder / "plain.py")]) == 0
print(json.dumps({"true_guidance": model.true_guidance, "sha256": hash_pixels(end.image)}))
"""


CONFIGURE = """
import json, sys
from seedlab.pipelines.hub import find_configurations
from seedlab.recipe import SeedLabError

try:
    print(json.dumps({"folder": str(find_configurations("works/tiny", download=sys.argv[1] == "download"))}))
except SeedLabError as error:
    print(json.dumps({"sentence": str(error)}))
"""


@pytest.fixture(scope="module")
def hub(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub")
    for owner in ("works", "gated", "broken", "sick", "pickled", "bare"):
        shutil.copytree(tiny, folder / owner / "tiny")
    (folder / "works" / "tiny" / "unet" / "extra.bin").write_bytes(b"a pickle that nobody asked for")
    for weights in (folder / "pickled" / "tiny").rglob("*.safetensors"):
        weights.rename(weights.with_suffix(".bin"))
    (folder / "bare" / "tiny" / "model_index.json").unlink()
    server = Hub(folder)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def run(hub, tmp_path):
    """Run code in a process of its own: the library reads its settings as it is imported."""

    def run(endpoint: str, code: str, argument: str) -> dict:
        settings = {"HF_ENDPOINT": endpoint or hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}
        clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        command = [sys.executable, "-c", code, argument]
        done = subprocess.run(command, env=clean | settings, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture
def ask(run):
    def ask(
        model_id: str, revision: str | None = None, *, download: bool = True, commit: bool = False, endpoint: str = ""
    ) -> dict:
        return run(endpoint, ASK, json.dumps([model_id, revision, download, commit]))

    return ask


def test_a_model_is_downloaded_once_and_is_there_without_a_network(hub, ask, tiny):
    found = ask("works/tiny")
    folder = Path(found["folder"])
    assert folder.name == COMMIT
    weights = "unet/diffusion_pytorch_model.safetensors"
    assert (folder / weights).read_bytes() == (tiny / weights).read_bytes()
    asked = len(hub.log)
    assert ask("works/tiny", download=False)["folder"] == str(folder)
    assert ask("works/tiny", endpoint="http://127.0.0.1:9")["folder"] == str(folder)
    assert len(hub.log) == asked


def test_a_download_tells_how_far_it_is_in_bytes(ask):
    found = ask("works/tiny")
    seen, files = found["seen"], [file for file in Path(found["folder"]).rglob("*") if file.is_file()]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    # All but the index, which is taken first, to know what else there is.
    assert seen[-1] == [sum(file.stat().st_size for file in files if file.name != "model_index.json")] * 2
    assert all(done <= total for done, total in seen)
    assert ask("works/tiny")["seen"] == []


def test_files_that_came_before_a_download_failed_do_not_come_again(hub, ask):
    weights = "text_encoder/model.safetensors"
    assert ask("sick/tiny")["sentence"].startswith("sick/tiny could not be downloaded from the Hub: check the network")
    before = hub.log.count(("GET", weights, 0))
    hub.is_sick = False
    assert "folder" in ask("sick/tiny")
    assert hub.log.count(("GET", weights, 0)) == before


def test_only_safetensors_are_downloaded(hub, ask):
    folder = Path(ask("works/tiny")["folder"])
    assert not list(folder.rglob("*.bin"))


def test_a_download_that_was_cut_is_taken_up_again(hub, ask, tiny):
    """By the library itself, from the last chunk of 10 MB that was whole."""
    found = ask("broken/tiny")
    weights = "unet/diffusion_pytorch_model.safetensors"
    assert Path(found["folder"], weights).read_bytes() == (tiny / weights).read_bytes()
    assert [method for method, name, _ in hub.log if name == weights][-2:] == ["GET", "GET"]


def test_a_gated_model_says_where_its_licence_is(ask):
    sentence = ask("gated/tiny")["sentence"]
    assert sentence.startswith(
        "gated/tiny is gated: accept its licence at https://huggingface.co/gated/tiny, then log in"
    )


def test_a_model_that_is_not_there_and_what_may_have_been_meant(ask):
    assert ask("works/tinny")["sentence"] == (
        "There is no model works/tinny on the Hub: check the id; did you mean works/tiny. If it is private, log in."
    )
    assert "did you mean" not in ask("somebody/something")["sentence"]


def test_a_revision_that_is_not_there(ask):
    assert ask("works/tiny", "v9")["sentence"].startswith("works/tiny has no revision “v9”")


def test_pickled_weights_are_refused(ask):
    assert ask("pickled/tiny")["sentence"].startswith("pickled/tiny has no safetensors weights")


def test_what_is_no_pipeline_is_said(ask):
    assert ask("bare/tiny")["sentence"].startswith("bare/tiny is not a diffusers pipeline")


def test_without_a_network_the_sentence_says_so(ask):
    sentence = ask("works/tiny", endpoint="http://127.0.0.1:9")["sentence"]
    assert sentence.startswith("works/tiny could not be downloaded from the Hub: check the network and try again")


def test_what_is_not_here_is_not_downloaded_unasked(hub, ask):
    asked = len(hub.log)
    assert "sentence" in ask("works/tiny", download=False)
    assert len(hub.log) == asked


def test_a_branch_stands_for_a_commit_which_is_known_without_a_network_too(hub, ask):
    offline = "http://127.0.0.1:9"
    assert ask("works/tiny", commit=True) == {"commit": COMMIT}
    assert ask("works/tiny", "main", commit=True, endpoint=offline) == {"commit": COMMIT}
    folder = Path(ask("works/tiny", COMMIT)["folder"])
    assert folder.name == COMMIT
    assert ask("works/tiny", commit=True, endpoint=offline) == {"commit": COMMIT}
    assert ask("works/tiny", COMMIT, endpoint=offline)["folder"] == str(folder)


def test_a_commit_needs_no_asking(hub, ask):
    asked = len(hub.log)
    assert ask("works/tiny", "a" * 40, commit=True, endpoint="http://127.0.0.1:9") == {"commit": "a" * 40}
    assert len(hub.log) == asked


@pytest.mark.parametrize(
    ("model_id", "revision", "words"),
    [
        ("works/tinny", None, "did you mean works/tiny"),
        ("gated/tiny", None, "gated/tiny is gated: accept its licence"),
        ("works/tiny", "v9", "has no revision “v9”"),
        ("bare/tiny", None, "bare/tiny is not a diffusers pipeline"),
    ],
)
def test_what_has_no_commit_is_said_before_anything_is_downloaded(ask, model_id, revision, words):
    assert words in ask(model_id, revision, commit=True)["sentence"]


def test_without_a_network_and_a_cache_there_is_no_commit(ask):
    sentence = ask("works/tiny", commit=True, endpoint="http://127.0.0.1:9")["sentence"]
    assert sentence.startswith("works/tiny could not be downloaded from the Hub: check the network and try again")


def test_a_recipe_of_the_hub_names_its_commit_and_gives_the_same_picture_without_a_network(run):
    made = run("", MAKE, "works/tiny")
    assert made["revision"] == COMMIT
    assert made["same"]
    assert run("http://127.0.0.1:9", MAKE, "works/tiny@main") == made


def test_the_script_of_a_model_that_the_catalogue_does_not_know_gives_the_same_bytes(run, hub, tmp_path):
    """One with true guidance, which its index alone does not tell."""
    build_flux(hub.folder / "works", guidance_embeds=False)
    made = run("", SCRIPT, str(tmp_path))
    assert made["true_guidance"]
    script = (tmp_path / "plain.py").read_text(encoding="utf-8")
    assert "true_cfg_scale=3.5" in script
    begin = "import json, os, sys\nos.chdir(sys.argv[1])\n"
    code = f"{begin}{script}print(json.dumps(hashlib.sha256(image.tobytes()).hexdigest()))"
    assert run("", code, str(tmp_path)) == made["sha256"]


def test_what_a_checkpoint_is_read_with_comes_once_and_without_weights(hub, run):
    assert "could not be downloaded" in run("", CONFIGURE, "here")["sentence"]
    folder = Path(run("", CONFIGURE, "download")["folder"])
    assert (folder / "tokenizer" / "vocab.json").is_file() or (folder / "tokenizer" / "tokenizer.json").is_file()
    assert (folder / "unet" / "config.json").is_file()
    assert not list(folder.rglob("*.safetensors"))
    asked = len(hub.log)
    for how in ("here", "download"):
        assert run("http://127.0.0.1:9", CONFIGURE, how) == {"folder": str(folder)}
    assert len(hub.log) == asked
