"""Reading the environment, and full determinism."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from threading import Event

import pytest
import torch

from seedlab.core.machine.environment import Environment
from seedlab.core.reports import Finished
from seedlab.images.compare import hash_pixels
from seedlab.pipelines.devices.environment import observe
from seedlab.pipelines.loaded.hashes import hash_weights
from tests.pipelines.builders import build_ddpm, flatten, make_recipe

DETERMINISTIC = """
import json, os, sys
from threading import Event
import pytest
import torch
from seedlab.pipelines.manager import PipelineManager
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Finished
from seedlab.images.compare import hash_pixels

manager = PipelineManager("cpu", deterministic=True)
recipe = Recipe.from_dict(json.loads(sys.argv[1]))
finished = [report for report in manager.generate([recipe], Event()) if isinstance(report, Finished)][0]
print(json.dumps({
    "deterministic": finished.environment.deterministic,
    "algorithms": torch.are_deterministic_algorithms_enabled(),
    "benchmark": torch.backends.cudnn.benchmark,
    "tf32": torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32,
    "workspace": os.environ["CUBLAS_WORKSPACE_CONFIG"],
    "blocking": os.environ.get("CUDA_LAUNCH_BLOCKING"),
    "sha256": hash_pixels(finished.image),
}))
manager.close()
"""


def test_versions_processor_and_threads_are_read():
    seen = observe("cpu", "ab" * 32)
    assert (seen.torch, seen.threads, seen.weights) == (torch.__version__, torch.get_num_threads(), "ab" * 32)
    assert seen.memory_format == "channels_last"
    assert seen.isa
    assert not seen.deterministic


def test_variables_that_select_other_kernels_are_part_of_the_environment(monkeypatch):
    plain = observe("cpu", "")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2\n" + "x" * 1000)
    changed = observe("cpu", "")
    assert changed.digest != plain.digest
    assert changed.isa.startswith(f"{plain.isa} ONEDNN_MAX_CPU_ISA='AVX2")
    assert Environment.from_dict(asdict(changed)) == changed


@pytest.mark.slow
def test_full_determinism_is_recorded_and_changes_no_bits_on_a_cpu(shared_manager, tiny):
    recipe = make_recipe(tiny, scheduler="EulerAncestralDiscreteScheduler")
    command = [sys.executable, "-c", DETERMINISTIC, recipe.to_json()]
    variables = os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=variables)
    (finished,) = (report for report in shared_manager.generate([recipe], Event()) if isinstance(report, Finished))
    assert json.loads(done.stdout) == {
        "deterministic": True,
        "algorithms": True,
        "benchmark": False,
        "tf32": False,
        "workspace": ":16:8",
        "blocking": None,
        "sha256": hash_pixels(finished.image),
    }


def test_weights_in_the_pipelines_top_folder_are_hashed_too(tmp_path):
    """google/ddpm-cifar10-32 stores them next to its index."""
    folder = flatten(build_ddpm(tmp_path))
    before = hash_weights(folder)
    weights = folder / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    assert hash_weights(folder) != before
