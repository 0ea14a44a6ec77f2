"""The walls: imports go one way, and importing anything does no work.

Every module's source is read, imports inside functions too: a lazy import is an import.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for file in sorted(ROOT.glob("seedlab/**/*.py"))
}
HEAVY = ("torch", "diffusers", "transformers", "accelerate", "safetensors", "huggingface_hub")
AT_WORK = tuple(
    f"seedlab.pipelines.exact.{name}"
    for name in ("layout", "prepack", "group_norm", "trimming", "probes", "calibration", "denoiser")
)
"""Made of torch throughout, and imported when a batch is made; nothing else brings them."""

CORE = {
    "core": set(),
    "rules": {"core"},
    "images": {"core", "rules"},
    "workflow": {"core", "rules", "images"},
    "pipelines": {"core"},
    "sketch": set(),
    "settings": {"core"},
    "ui": {"core", "rules", "images", "workflow"},
    "application": {"core", "images", "pipelines", "settings", "sketch", "ui", "workflow"},
    "server": {"core", "application", "settings", "ui"},
    "cli": {"core", "rules", "images", "workflow", "settings", "application", "server"},
    "__main__": {"cli"},
}
"""What each module or package of seedlab may import of the others, beside itself."""


def list_imports(file: Path, root: Path = ROOT) -> set[str]:
    """Return the full names of what a file imports, wherever in it, submodules as "package.module"."""
    package = list(file.relative_to(root).parent.parts)
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*parents, *([node.module] if node.module else [])])
            names.update(f"{module}.{alias.name}" for alias in node.names)
    return names


def list_parts(file: Path) -> set[str]:
    """Return the modules and packages directly in seedlab that a file imports."""
    parts = {name.split(".")[1] for name in list_imports(file) if name.startswith("seedlab.")}
    return {part for part in parts if (ROOT / "seedlab" / part).is_dir() or (ROOT / "seedlab" / f"{part}.py").is_file()}


def part_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_imports_are_found_wherever_they_are(tmp_path):
    file = tmp_path / "seedlab" / "x.py"
    file.parent.mkdir()
    file.write_text("import a.b\nfrom . import g\ndef f():\n    from c import d\n    if 1:\n        import e as f\n")
    assert list_imports(file, tmp_path) == {"a.b", "c.d", "e", "seedlab.g"}
    assert {"seedlab.images.png.read_chunks", "json"} <= list_imports(FILES["seedlab.images.metadata"])
    assert "application" in list_parts(FILES["seedlab.cli.main"]), "lazy imports count"


@pytest.mark.parametrize("module", [module for module in FILES if part_of(module) in CORE])
def test_imports_go_one_way(module):
    assert list_parts(FILES[module]) <= CORE[part_of(module)] | {part_of(module)}


def test_every_part_has_its_wall():
    assert {part_of(module) for module in FILES} - CORE.keys() <= {""}


def test_the_page_knows_neither_the_pipelines_nor_the_commands():
    parts = {part for module, file in FILES.items() if part_of(module) == "ui" for part in list_parts(file)}
    assert parts & {"pipelines", "cli", "sketch"} == set()


@pytest.mark.parametrize("module", FILES)
def test_only_the_pipelines_and_the_training_know_torch(module):
    used = {name.split(".")[0] for name in list_imports(FILES[module])} & set(HEAVY)
    assert not used or part_of(module) in ("pipelines", "sketch")


@pytest.mark.parametrize("module", FILES)
def test_only_the_page_knows_gradio(module):
    assert "gradio" not in {name.split(".")[0] for name in list_imports(FILES[module])} or part_of(module) == "ui"


PROBE = """
import sys
from importlib import import_module
for name in sys.argv[2:]:
    import_module(name)
print(*sorted(set(sys.argv[1].split(",")) & set(sys.modules)))
"""


def import_all(modules: list[str], unwanted: tuple[str, ...]) -> str:
    """Import modules in a process of their own and return which of the unwanted packages came with them."""
    probe = [sys.executable, "-c", PROBE, ",".join(unwanted), *modules]
    return subprocess.run(probe, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True).stdout.strip()


def test_importing_brings_neither_torch_nor_gradio():
    modules = [module for module in FILES if part_of(module) not in ("ui", "sketch") and module not in AT_WORK]
    assert {"seedlab.cli.main", "seedlab.workflow.session", "seedlab.pipelines.manager", "seedlab.images.store"} <= set(
        modules
    )
    assert import_all(modules, (*HEAVY, "gradio")) == ""


def test_importing_what_sketch_tells_the_visitor_brings_no_torch():
    assert import_all(["seedlab.sketch.vocabulary", "seedlab.sketch.drawings.draw"], (*HEAVY, "gradio")) == ""


def test_importing_the_page_brings_no_torch():
    modules = [module for module in FILES if part_of(module) == "ui"]
    # Gradio itself imports huggingface_hub.
    assert import_all(modules, ("torch", "diffusers", "transformers", "accelerate")) == ""
