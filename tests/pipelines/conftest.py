from pathlib import Path

import pytest

from seedlab.pipelines.manager import PipelineManager
from tests.pipelines.builders import build_stable_diffusion


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """The folder of a Stable Diffusion with random weights."""
    return build_stable_diffusion(tmp_path_factory.mktemp("models"))


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
