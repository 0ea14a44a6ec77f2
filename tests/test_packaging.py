"""What pyproject.toml, the pins and the Space's front matter say agrees with the code, and with each other."""

import ast
import re
import sys
import tomllib
from importlib import import_module
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
PINS = ("requirements.txt", "requirements-test.txt")


def read_declared(requirements: list[str]) -> dict[str, Requirement]:
    return {canonicalize_name(each.name): each for each in map(Requirement, requirements)}


def read_pins(name: str) -> dict[str, str]:
    lines = [line for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if line[:1] not in ("#", "-")]
    pins = (line.split("==") for line in lines)
    return {canonicalize_name(package): version for package, version in pins}


def list_imported_packages() -> set[str]:
    """Return the top-level names of what the package and app.py import, inside functions too."""
    names = set()
    for file in (ROOT / "app.py", *ROOT.glob("seedlab/**/*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - {"seedlab", "_typeshed"}


def test_everything_imported_is_declared():
    distributions = packages_distributions()
    imported = {canonicalize_name(distributions[name][0]) for name in list_imported_packages()}
    assert {"torch", "gradio", "filelock", "httpx2"} <= imported
    extras = [each for name in ("mcp", "workers", "zerogpu") for each in PROJECT["optional-dependencies"][name]]
    assert imported <= read_declared([*PROJECT["dependencies"], *extras]).keys()


@pytest.mark.parametrize(
    ("name", "requirements"),
    [
        (PINS[0], PROJECT["dependencies"]),
        (PINS[1], PROJECT["optional-dependencies"]["test"]),
    ],
)
def test_pins_are_within_the_declared_ranges(name, requirements):
    pins = read_pins(name)
    for package, requirement in read_declared(requirements).items():
        assert requirement.specifier.contains(pins[package]), f"{package}: run .ci/lock"


@pytest.mark.parametrize("name", PINS)
def test_pins_name_versions_alone(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#") and line != "-r requirements.txt"]
    assert lines
    assert [line for line in lines if re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) is None] == []


def test_the_space_runs_the_gradio_that_is_pinned():
    front_matter = (ROOT / "README.md").read_text(encoding="utf-8").split("---")[1]
    assert f"sdk_version: {read_pins(PINS[0])['gradio']}\n" in front_matter


@pytest.mark.parametrize("package", ["gradio", "spaces"])
def test_a_space_can_install_the_pins_with_what_the_platform_brings(package):
    """The platform installs requirements.txt, gradio[oauth,mcp] and spaces in one step."""
    pins = read_pins(PINS[0])
    for each in map(Requirement, requires(package)):
        is_needed = each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in ("oauth", "mcp"))
        if is_needed and (pin := pins.get(canonicalize_name(each.name))) is not None:
            assert each.specifier.contains(pin), f"{package} needs {each}"


def test_the_wheel_carries_every_file_that_is_not_code():
    carried = set()
    for package, patterns in SETUPTOOLS["package-data"].items():
        folder = ROOT.joinpath(*package.split("."))
        for pattern in patterns:
            carried.update(folder.glob(f"{pattern}/*" if pattern.endswith("**") else pattern))
    files = {file for file in ROOT.glob("seedlab/**/*") if file.is_file() and "__pycache__" not in file.parts}
    assert {file for file in files - carried if file.suffix != ".py"} == set()


def test_every_folder_of_code_is_a_package():
    folders = {file.parent for file in ROOT.glob("seedlab/**/*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_the_command_exists():
    module, function = PROJECT["scripts"]["seedlab"].split(":")
    assert callable(getattr(import_module(module), function))
