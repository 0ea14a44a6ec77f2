import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from seedlab.pipelines.manager import PipelineManager
from tests.pipelines import builders
from tests.pipelines.fake_hub import serve
from tests.pipelines.workers import Worker


@pytest.fixture(scope="session")
def build_model(tmp_path_factory) -> Callable[[str], Path]:
    """Return the folder of a model with random weights, by the name of its builder; each is built once."""
    folder = tmp_path_factory.mktemp("models")
    return cache(lambda name: getattr(builders, name)(folder))


@pytest.fixture(scope="session")
def tiny(build_model) -> Path:
    """The folder of a Stable Diffusion with random weights."""
    return build_model("build_stable_diffusion")


@pytest.fixture(scope="session")
def shared_manager():
    """One manager for many tests, as in a process with many visitors."""
    manager = PipelineManager(device="cpu")
    yield manager
    manager.close()


@pytest.fixture
def manager():
    """A manager of the test's own."""
    manager = PipelineManager(device="cpu")
    yield manager
    manager.close()


@pytest.fixture(scope="session")
def hub(tiny, tmp_path_factory):
    """A Hub on loopback with a Stable Diffusion, works/tiny."""
    folder = tmp_path_factory.mktemp("hub")
    shutil.copytree(tiny, folder / "works" / "tiny")
    (folder / "works" / "tiny" / "unet" / "extra.bin").write_bytes(b"a pickle that nobody asked for")
    with serve(folder) as hub:
        yield hub


@pytest.fixture(scope="session")
def home(tmp_path_factory) -> Path:
    """The folder in which the workers keep what they download."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def start(home):
    """Start a worker that asks a Hub."""
    workers = []

    def start(endpoint: str) -> Worker:
        settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
        workers.append(Worker(settings | {"PYTHONPATH": str(Path(__file__).parents[2])}))
        return workers[-1]

    yield start
    for worker in workers:
        worker.close()


@pytest.fixture(scope="session")
def online(start, hub):
    """A worker that reaches the Hub."""
    return start(hub.url)


@pytest.fixture(scope="session")
def offline(start):
    """A worker that has the same files and reaches nothing."""
    return start("http://127.0.0.1:9")
