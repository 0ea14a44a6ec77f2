"""Link the packages that a requirements file pins from this environment into another one.

    python .ci/link_packages.py requirements.txt OTHER/bin/python

The other environment then has these packages and no others, as after `pip install -r`, but within a second. Run this
with the Python in which the requirements are installed.
"""

import re
import subprocess
import sys
from importlib.metadata import distribution, distributions
from pathlib import Path

# What torch itself pins where its build is for CUDA; see `.ci/lock`.
CUDA = re.compile(r"(nvidia|cuda|triton)\b")


def list_pins(requirements: Path) -> list[str]:
    """Return the names of the packages to link."""
    pins = re.findall("^([^#=]+)==", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    return pins + [each.name for each in distributions() if CUDA.match(each.name)]


def link(name: str, target: Path) -> None:
    """Link a package's folders and modules into the folder `target`."""
    package = distribution(name)
    for top in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
        if not (target / top).exists():  # some packages share a folder
            (target / top).symlink_to(package.locate_file(top))


def main(requirements: str, python: str) -> None:
    """Link all of them."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    target = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    for name in list_pins(Path(requirements)):
        link(name, Path(target))


if __name__ == "__main__":
    main(*sys.argv[1:])
