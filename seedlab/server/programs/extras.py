"""Imports packages that only some need, which are extras of SeedLab."""

from importlib import import_module
from types import ModuleType

from seedlab.core.errors import SeedLabError


def import_mcp() -> ModuleType:
    """Return `seedlab.server.programs.mcp`.

    Raises:
        SeedLabError: the protocol's SDK is not installed.
    """
    try:
        return import_module("seedlab.server.programs.mcp")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != "mcp":
            raise
        raise SeedLabError('Agents need the package “mcp”: pip install "seedlab[mcp]".') from error
