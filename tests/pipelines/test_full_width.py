"""A pipeline as large as Stable Diffusion 1.5 goes through the manager: its bytes, and its memory.

    python -m pytest -m slow tests/pipelines/test_full_width.py

It takes minutes, 5 GB of the disk and 8 GB of memory. How long a picture takes is measured elsewhere, and not asserted.
"""

import re
import shutil
from pathlib import Path
from threading import Event

import pytest

from seedlab.core.reports import Finished
from seedlab.pipelines.models.addresses import find_model
from tests.benchmarks.models import build_full_width
from tests.pipelines.plain import hash_pixels, run_in_new_process
from tests.rounds import seed_round

STATUS = Path("/proc/self/status")


@pytest.fixture
def full_width(tmp_path):
    """The folder of one with random weights; pytest would keep it for three more runs."""
    yield build_full_width(tmp_path)
    shutil.rmtree(tmp_path)


def read_memory() -> float:
    """Return how much memory this process has for itself, in GB: without the files of weights that it maps."""
    return int(re.search(r"RssAnon:\s+(\d+) kB", STATUS.read_text())[1]) * 1024 / 1e9


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.exists(), reason="memory is read from /proc, which Linux has")
def test_a_grid_has_the_plain_scripts_bytes_and_takes_no_more_memory_than_the_catalogue_says(manager, full_width):
    before = peak = read_memory()
    model = manager.resolve(str(full_width))
    recipe = model.make_recipe(prompt="a boat", seed=0, num_inference_steps=2, height=128, width=128)
    recipes, hashes = seed_round(recipe, range(2)), []
    for report in manager.generate(recipes, Event()):  # five times a second, whatever is being done
        peak = max(peak, read_memory())
        hashes += [hash_pixels(report.image)] if isinstance(report, Finished) else []
    assert hashes == run_in_new_process(recipes, manager.environment(recipe).memory_format)
    assert hashes[0] != hashes[1]
    card = find_model("stable-diffusion-v1-5/stable-diffusion-v1-5").card
    size = 1.0 if recipe.dtype == "float32" else 0.5  # of that on the disk; the card is for half precision
    weights = size * sum(file.stat().st_size for file in full_width.rglob("*.safetensors")) / 1e9
    assert weights < peak - before < 2 * size * card.memory
