"""The modules of the page that need no browser, tested by node; and the linter, where it is installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIOME = ROOT / ".ci" / "javascript" / "node_modules" / ".bin" / "biome"


def run(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_modules_without_a_browser():
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    run(node, "--test", *sorted((ROOT / "tests" / "ui" / "javascript").glob("*.test.js")))


@pytest.mark.skipif(not BIOME.exists(), reason="needs `npm ci --prefix .ci/javascript`")
def test_the_linter_has_nothing_to_say():
    run(BIOME, "lint", "--error-on-warnings")
