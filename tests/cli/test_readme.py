"""The commands that the README shows."""

import re
import shlex
from pathlib import Path

import pytest

from seedlab.cli.main import make_parser

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
COMMANDS = [line for block in BLOCKS for line in re.findall(r"^(?:.* && )?(seedlab .*)$", block, re.MULTILINE)]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_parser_takes_it(command):
    _, *arguments = shlex.split(command, comments=True)
    assert make_parser().parse_args(arguments).command == arguments[0]


def test_they_are_found():
    assert len(COMMANDS) >= 20
    assert {"app", "grid", "refine", "finish", "verify", "script"} <= {command.split()[1] for command in COMMANDS}
