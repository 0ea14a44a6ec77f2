"""The pipelines in memory: those that leave give their memory back."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.additions import Lora
from seedlab.pipelines.devices.memory import choose_weights, estimate_size
from seedlab.pipelines.devices.offload import measure_size
from seedlab.pipelines.loaded.cache import LoadedPipeline, PipelineCache
from seedlab.pipelines.loaded.hashes import hash_weights, list_files
from seedlab.pipelines.models.addresses import find_model
from tests.pipelines.builders import build_lora, build_stable_diffusion

SWITCH = """
import json, sys
from pathlib import Path
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.loaded.cache import PipelineCache

def measure():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

cache, sizes = PipelineCache(measure_room=lambda device: 0), []
for number in range(10):
    cache.load(find_model(sys.argv[1 + number % 2]), "float32", "cpu")
    sizes.append(measure())
print(json.dumps(sizes))
"""


def load(cache: PipelineCache, folder) -> LoadedPipeline:
    return cache.load(find_model(str(folder)), "float32", "cpu")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="measured as Linux tells it")
def test_after_ten_switches_between_two_models_no_more_memory_is_taken_than_after_two(tmp_path):
    widths = (64, 128, 256, 256)
    folders = [build_stable_diffusion(tmp_path, seed, f"model-{seed}", widths) for seed in (1, 2)]
    command = [sys.executable, "-c", SWITCH, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    kib = json.loads(done.stdout)
    assert kib[-1] <= 1.1 * kib[1], kib


class Machine:
    """A machine with room for so many pipelines of one size."""

    def __init__(self, size: int, count: int, release: Callable[[], None] = lambda: None) -> None:
        self.cache = PipelineCache(self.measure_room, release)
        self.size, self.count = size, count

    def measure_room(self, device: str) -> int:
        assert device == "cpu"
        return self.size * (self.count - len(self.cache._loaded))

    @property
    def names(self) -> list[str]:
        return [source.path.name for source, *_ in self.cache._loaded]


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> list[Path]:
    root = tmp_path_factory.mktemp("pipelines")
    return [build_stable_diffusion(root, seed, f"model-{seed}") for seed in range(3)]


@pytest.fixture(scope="module")
def size(folders) -> int:
    return measure_size(load(PipelineCache(), folders[0]).pipeline)


def test_pipelines_stay_while_there_is_room(folders, size):
    machine = Machine(size, count=3)
    for folder in folders:
        load(machine.cache, folder)
    assert machine.names == ["model-0", "model-1", "model-2"]


def test_the_least_recently_used_pipeline_leaves_where_there_is_no_room(folders, size):
    machine = Machine(size, count=2)
    for folder in (folders[0], folders[1], folders[0], folders[2]):
        load(machine.cache, folder)
    assert machine.names == ["model-0", "model-2"]


def test_a_pipeline_for_which_there_is_no_room_at_all_is_loaded_alone(folders):
    machine = Machine(1, count=1)
    for folder in folders[:2]:
        load(machine.cache, folder)
    assert machine.names == ["model-1"]


def test_others_leave_too_where_memory_has_become_short_since(folders, size):
    """Another program wants it, or a visitor a larger picture."""
    machine = Machine(size, count=3)
    for folder in folders:
        load(machine.cache, folder)
    machine.count = 1
    load(machine.cache, folders[1])
    assert machine.names == ["model-1"]


@pytest.mark.parametrize("short", [0, 1])
def test_a_lora_needs_room_too(folders, tmp_path, short):
    pytest.importorskip("peft")
    file = build_lora(folders[1], tmp_path / "style.safetensors")
    needed = estimate_size((*choose_weights(list_files(folders[1])), file), "float32")
    cache = PipelineCache(measure_room=lambda _: needed - short)
    load(cache, folders[0])
    cache.load(find_model(str(folders[1])), "float32", "cpu", (Lora(file=str(file), sha256="0" * 64, weight=1.0),))
    assert len(cache._loaded) == 2 - short


def test_memory_is_released_before_a_pipeline_is_evicted(folders, size):
    released = []

    def release():
        released.append(machine.names)
        machine.count = 3

    machine = Machine(size, count=2, release=release)
    load(machine.cache, folders[0])
    machine.count = 0
    load(machine.cache, folders[1])
    assert released == [["model-0"]]
    assert machine.names == ["model-0", "model-1"]


def test_others_can_be_let_go_at_once(folders, size):
    machine = Machine(size, count=3)
    for folder in folders:
        load(machine.cache, folder)
    load(machine.cache, folders[0])
    assert machine.cache.evict_others()
    assert machine.names == ["model-0"]
    assert not machine.cache.evict_others()


def test_a_pipeline_is_loaded_once_and_its_files_are_hashed_once(tiny, monkeypatch):
    cache = PipelineCache()
    first = load(cache, tiny)
    monkeypatch.setattr("seedlab.pipelines.loaded.cache.load_pipeline", lambda *_: pytest.fail("loaded again"))
    monkeypatch.setattr("seedlab.pipelines.loaded.files.hash_weights", lambda *_: pytest.fail("hashed again"))
    assert load(cache, tiny) is first
    assert cache.loading == ""


def test_weights_that_were_replaced_are_loaded_and_hashed_anew(tmp_path):
    folder = build_stable_diffusion(tmp_path, weights_seed=1)
    cache = PipelineCache()
    first = load(cache, folder)
    build_stable_diffusion(tmp_path, weights_seed=2)
    second = load(cache, folder)
    assert first.environment.weights != second.environment.weights == hash_weights(folder)
    assert not torch.equal(first.pipeline.unet.conv_in.weight, second.pipeline.unet.conv_in.weight)


def test_what_is_being_loaded_is_said_and_no_more_once_that_failed(tiny, monkeypatch):
    cache, said = PipelineCache(), []

    def fail(*_):
        said.append(cache.loading)
        raise SeedLabError("The model could not be loaded.")

    monkeypatch.setattr("seedlab.pipelines.loaded.cache.load_pipeline", fail)
    with pytest.raises(SeedLabError, match="could not be loaded"):
        load(cache, tiny)
    assert said == ["Loading tiny…"]
    assert cache.loading == ""


def test_files_that_are_gone_end_in_a_sentence_without_their_path(tmp_path):
    folder = build_stable_diffusion(tmp_path)
    (file,) = (folder / "unet").glob("*.safetensors")
    cache = PipelineCache()
    load(cache, folder)
    file.unlink()
    file.symlink_to(tmp_path / "gone")  # as in the Hub's cache, whose snapshots have links to files
    with pytest.raises(SeedLabError, match="cannot be read: choose another model") as caught:
        load(cache, folder)
    assert str(tmp_path) not in str(caught.value)
