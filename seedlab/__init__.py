"""SeedLab: explore seeds by clicking on pictures. Its Python interface is `seedlab.SeedLab`, from `seedlab.api`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seedlab.api import SeedLab
    from seedlab.core.errors import SeedLabError

__version__ = "0.2.0.dev0"
_MODULES = {"SeedLab": "seedlab.api", "SeedLabError": "seedlab.core.errors"}
__all__ = ["SeedLab", "SeedLabError", "__version__"]


def __getattr__(name: str) -> Any:
    """Import the interface when it is asked for: importing a part of SeedLab must not import the rest."""
    if name not in _MODULES:
        raise AttributeError(f"module 'seedlab' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
