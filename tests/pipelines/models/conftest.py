import os
import shutil
from pathlib import Path

import pytest

from seedlab.core.storage.safetensors import read_header
from tests.pipelines.builders import build_single_file


def copy_folder(folder: Path, target: Path) -> Path:
    """Copy a pipeline; its weights are linked, which is quick."""

    def copy(source: str, copied: str) -> None:
        (os.link if source.endswith(".safetensors") else shutil.copyfile)(source, copied)

    return Path(shutil.copytree(folder, target, copy_function=copy))


@pytest.fixture(scope="session")
def checkpoint(tiny, tmp_path_factory) -> Path:
    """A checkpoint with a folder of its name next to it, which has no weights."""
    folder = tmp_path_factory.mktemp("checkpoints")
    shutil.copytree(tiny, folder / "dreamy", ignore=shutil.ignore_patterns("*.safetensors"))
    return build_single_file(tiny, folder / "dreamy.safetensors")


@pytest.fixture(scope="session")
def shapes(checkpoint) -> dict[str, tuple[int, ...]]:
    """The shapes of that checkpoint's weights, by name."""
    return dict(read_header(checkpoint).shapes)


@pytest.fixture
def folder(tiny, tmp_path) -> Path:
    """A copy of the tiny Stable Diffusion, for a test that damages it."""
    return copy_folder(tiny, tmp_path / "mine")
