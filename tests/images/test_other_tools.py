"""Pictures of SeedLab are read back equal by three real readers: two from PyPI and one from npm.

They are installed by the first test, at pinned versions. Without node or a network the tests are skipped; in CI, which
sets CI=true, that is a failure.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from PIL import Image

from seedlab.core.models.weights import NO_HASHES, WeightHashes
from seedlab.core.recipes.additions import Lora
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.schedulers import SCHEDULERS
from seedlab.images.metadata import Metadata, write_picture
from tests.examples import ENVIRONMENT, RECIPE

FOLDER = Path(__file__).parent / "other_tools"
PACKAGES = FOLDER / "site-packages"
PIP = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(PACKAGES))
SECONDS = 300

LORAS = (
    Lora(file="/loras/ink.safetensors", sha256="ab" * 32, weight=0.8),
    Lora(file="/loras/rain_2.safetensors", sha256="cd" * 32, weight=1),
)
HASHES = WeightHashes(checkpoint="6ce0161689" + "0" * 54, loras=("12" * 32, "34" * 32))
TAGS = " <lora:ink:0.8> <lora:rain_2:1>"

CASES: dict[str, tuple[Recipe, WeightHashes]] = {
    "plain": (RECIPE, NO_HASHES),
    "largest seed": (replace(RECIPE, seed=2**32 - 1), NO_HASHES),
    "negative prompt": (replace(RECIPE, negative_prompt="blurry, (text:1.2)", prompt_syntax="weights"), NO_HASHES),
    "several lines": (replace(RECIPE, prompt="北斎の波, “wave” 🌊\nby the sea: at night"), NO_HASHES),
    "size": (replace(RECIPE, width=768, height=512, guidance_scale=7.5, num_inference_steps=30), NO_HASHES),
    "hub": (replace(RECIPE, model_id="stabilityai/stable-diffusion-xl-base-1.0", revision="ab" * 20), NO_HASHES),
    "folder": (replace(RECIPE, model_id="/models/shore"), NO_HASHES),
    "checkpoint": (replace(RECIPE, model_id="/models/shore, v3: final.safetensors"), HASHES),
    "loras": (replace(RECIPE, model_id="/models/shore.safetensors", loras=LORAS), HASHES),
    **{each.label: (replace(RECIPE, scheduler=each.name), NO_HASHES) for each in SCHEDULERS},
}
MODELS = {
    "sketch": "sketch",
    "stabilityai/stable-diffusion-xl-base-1.0": "stable-diffusion-xl-base-1.0",
    "/models/shore": "shore",
    "/models/shore.safetensors": "shore",
    "/models/shore, v3: final.safetensors": "shore v3 final",
}


def give_up(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def call(*command: str, **options: Any) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        give_up(f"{command[0]} cannot be run: {error}")
    if done.returncode:
        give_up(f"{' '.join(command[:4])} failed: {done.stderr[-500:]}")
    return done.stdout


def install(done: Path, *command: str) -> None:
    """Install pinned packages once, unless the pins have changed."""
    pins = "".join((FOLDER / name).read_text() for name in ("requirements.txt", "package-lock.json"))
    with FileLock(FOLDER / f"{done.parent.name}.lock", timeout=SECONDS):
        if not done.exists() or done.read_text() != pins:
            call(*command, cwd=FOLDER)
            done.write_text(pins)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("pictures")
    for number, (recipe, hashes) in enumerate(CASES.values()):
        metadata = Metadata(recipe=recipe, environment=ENVIRONMENT, hashes=hashes)
        write_picture(folder / f"{number}.png", Image.new("RGB", (recipe.width, recipe.height)), metadata)
    return [str(folder / f"{number}.png") for number in range(len(CASES))]


@pytest.fixture(scope="module")
def read_by_python(pictures) -> dict[str, dict[str, Any]]:
    """What each reader from PyPI reads, by the reader and the case."""
    install(PACKAGES / "pins.txt", *PIP, "--upgrade", "--requirement", "requirements.txt")
    variables = os.environ | {"PYTHONPATH": str(PACKAGES), "PYTHONUTF8": "1"}
    found = json.loads(call(sys.executable, "read.py", *pictures, cwd=FOLDER, env=variables))
    return {name: dict(zip(CASES, each, strict=True)) for name, each in found.items()}


@pytest.fixture(scope="module")
def read_by_node(pictures) -> dict[str, Any]:
    """What the reader from npm reads, by the case."""
    install(FOLDER / "node_modules" / "pins.txt", "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    return dict(zip(CASES, json.loads(call("node", "read.js", *pictures, cwd=FOLDER)), strict=True))


def expect(case: str) -> dict[str, Any]:
    recipe, hashes = CASES[case]
    scheduler = next(each for each in SCHEDULERS if each.name == recipe.scheduler)
    return {
        "prompt": recipe.prompt + (TAGS if recipe.loras else ""),
        "negative": recipe.negative_prompt,
        "model": MODELS[recipe.model_id],
        "model_hash": hashes.checkpoint[:10] or None,
        "sampler": f"{scheduler.sampler} Karras" if scheduler.karras else scheduler.sampler,
        "seed": str(recipe.seed),
        "cfg": str(recipe.guidance_scale),
        "steps": str(recipe.num_inference_steps),
        "size": f"{recipe.width}x{recipe.height}",
    }


@pytest.mark.parametrize("case", CASES)
def test_sd_prompt_reader(read_by_python, case):
    found, expected = read_by_python["sd-prompt-reader"][case], expect(case)
    del expected["model_hash"]  # it does not show one
    assert found == expected | {"tool": "A1111 webUI"}


@pytest.mark.parametrize("case", CASES)
def test_sd_parsers(read_by_python, case):
    found, expected = read_by_python["sd-parsers"][case], expect(case)
    found.pop("scheduler", None)
    assert found == expected | {"tool": "AUTOMATIC1111", "cfg_scale": expected.pop("cfg")}


@pytest.mark.parametrize("case", CASES)
def test_stable_diffusion_image_metadata(read_by_node, case):
    found, expected = read_by_node[case], expect(case)
    names = {"negativePrompt": "negative", "cfgScale": "cfg", "Model": "model", "Model hash": "model_hash"}
    read = {names.get(name, name): value for name, value in found.items()}
    assert {name: read.get(name) for name in expected} == expected
    assert f"{found['width']}x{found['height']}" == expected["size"]


def test_stable_diffusion_image_metadata_finds_the_model_and_the_loras(read_by_node):
    assert read_by_node["loras"]["resources"] == [
        {"type": "lora", "name": "ink", "weight": 0.8},
        {"type": "lora", "name": "rain_2", "weight": 1},
        {"type": "model", "name": "shore", "hash": "6ce0161689"},
    ]
    assert read_by_node["loras"]["Lora hashes"] == "ink: 121212121212, rain_2: 343434343434"
