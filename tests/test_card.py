"""What SeedLab does on a card, on one that is made of memory, in a process that has it from the start."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.card.card import build_card

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    if shutil.which("g++") is None:
        # Where every test has to pass, one that cannot run has not passed.
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up("there is no g++ to compile the card with")
    return build_card(tmp_path_factory.mktemp("card"))


@pytest.mark.skipif(sys.platform != "linux", reason="torch's libraries are opened as Linux does it")
@pytest.mark.skipif(torch.version.cuda is not None, reason="this torch has CUDA of its own, and one is enough")
@pytest.mark.parametrize("which", ["not slow", pytest.param("slow", marks=pytest.mark.slow)])
def test_on_a_card(library, which):
    command = [sys.executable, "-m", "pytest", "tests/card", "-m", which, "-p", "no:cacheprovider"]
    environment = {**os.environ, "SEEDLAB_TEST_CARD": str(library)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
