"""Imports go one way, and importing anything does no work.

The contracts for import-linter are in pyproject.toml. They count imports inside functions too.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = [
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for file in sorted(ROOT.glob("seedlab/**/*.py"))
]
HEAVY = ("torch", "diffusers", "transformers", "accelerate", "safetensors", "huggingface_hub")
EXACT = "seedlab.pipelines.exact"
WITHOUT_TORCH = (EXACT, f"{EXACT}.batch", f"{EXACT}.caches", f"{EXACT}.plans", f"{EXACT}.prepack_cache")
"""The modules of `exact` that do not import torch. The others do, and are imported when a batch starts."""


def test_import_contracts_hold():
    """In a process of its own, because import-linter disables the loggers that are there."""
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


PROBE = """
import sys
from importlib import import_module
for name in sys.argv[2:]:
    import_module(name)
print(*sorted(set(sys.argv[1].split(",")) & set(sys.modules)))
"""


def import_all(modules: list[str], unwanted: tuple[str, ...]) -> str:
    """Import modules in a new process and return which of the unwanted packages were imported with them."""
    probe = [sys.executable, "-c", PROBE, ",".join(unwanted), *modules]
    return subprocess.run(probe, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True).stdout.strip()


def is_light(module: str) -> bool:
    """Whether a module may import neither torch nor gradio when it is imported itself. Those of the page may import
    gradio: see `tests/test_app.py`."""
    return not module.startswith(("seedlab.ui", "seedlab.sketch", EXACT)) or module in WITHOUT_TORCH


def test_importing_brings_neither_torch_nor_gradio():
    modules = [module for module in MODULES if is_light(module)]
    assert {
        "seedlab.cli.main",
        "seedlab.workflow.sessions.session",
        "seedlab.pipelines.manager",
        "seedlab.images.store",
    } <= set(modules)
    assert import_all(modules, (*HEAVY, "gradio")) == ""


def test_importing_sketchs_vocabulary_and_drawings_brings_no_torch():
    assert import_all(["seedlab.sketch.vocabulary", "seedlab.sketch.drawings.draw"], (*HEAVY, "gradio")) == ""
