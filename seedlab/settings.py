"""The operator's settings, from flags and environment variables; flags come first."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seedlab.core.errors import SeedLabError
from seedlab.core.recipe import GENERATOR_DEVICES

DEFAULT_MODEL = "sketch"
LOCAL = ("127.0.0.1", "localhost", "::1")
"""Addresses that only this machine can reach."""

PUBLIC_STORE_BYTES = 2 * 2**30
DESCRIPTION = "SeedLab in the browser. A variable in brackets does the same as its flag."


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one process.

    Attributes:
        model: the default model: "sketch", a Hub id, a local diffusers folder or .safetensors file.
        device: "cpu", "cuda" or "mps"; None for the best one available.
        host, port: where the page is served; port None for the first free one from 7860.
        share: whether Gradio makes a public link.
        deterministic: whether only deterministic algorithms are allowed, which is slower on a GPU.
        store: the folder for finished pictures.
        embed: whether metadata is written into PNG files.
        loras: a folder with LoRAs, in which those that other tools' pictures name are looked for; None for none.
        open_browser: whether the page is opened in the operator's browser.
        public: whether strangers use it: then only Sketch and the default model are offered, and the store is bounded.
    """

    model: str = DEFAULT_MODEL
    device: str | None = None
    host: str = LOCAL[0]
    port: int | None = None
    share: bool = False
    deterministic: bool = False
    store: Path = Path("seedlab-pictures")
    embed: bool = True
    loras: Path | None = None
    open_browser: bool = True
    public: bool = False

    @property
    def store_bytes(self) -> int | None:
        """The size limit of the store in bytes; None for no limit."""
        return PUBLIC_STORE_BYTES if self.public else None


def read_settings(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. A bad flag ends the process with exit code 2 and a message, as argparse does.

    Raises:
        SeedLabError: an environment variable cannot be read.
    """
    variables = os.environ if environment is None else environment
    parser = argparse.ArgumentParser(prog="app.py", description=DESCRIPTION)
    add_flags(parser, variables)
    return make_settings(parser.parse_args(arguments))


def make_settings(flags: argparse.Namespace) -> Settings:
    """Return the settings of parsed flags.

    Raises:
        SeedLabError: the port is not a port.
    """
    reachable = flags.share or flags.host not in LOCAL
    return Settings(
        model=flags.model,
        device=None if flags.device == "auto" else flags.device,
        host=flags.host,
        port=_read_port(flags.port),
        share=flags.share,
        deterministic=flags.deterministic,
        store=Path(flags.store),
        embed=flags.embed,
        loras=Path(flags.loras) if flags.loras else None,
        open_browser=flags.open,
        public=reachable if flags.public is None else flags.public,
    )


def add_flags(parser: argparse.ArgumentParser, variables: Mapping[str, str]) -> None:
    """Add the flags that `make_settings` reads. Their defaults come from environment variables."""
    _add_model_flags(parser, variables)
    words = "only deterministic algorithms: equal bytes from run to run on a GPU too, at some cost of speed"
    _add_switch(parser, variables, "deterministic", False, words)
    _add_page_flags(parser, variables)
    _add_store_flags(parser, variables)


def _add_model_flags(parser: argparse.ArgumentParser, variables: Mapping[str, str]) -> None:
    model = variables.get("SEEDLAB_MODEL") or DEFAULT_MODEL
    words = "the default model: sketch, a Hub id, a local diffusers folder or .safetensors file [SEEDLAB_MODEL]"
    parser.add_argument("--model", default=model, help=words)
    device = variables.get("SEEDLAB_DEVICE") or "auto"
    words = "where to compute [SEEDLAB_DEVICE]"
    parser.add_argument("--device", choices=("auto", *GENERATOR_DEVICES), default=device, help=words)


def _add_page_flags(parser: argparse.ArgumentParser, variables: Mapping[str, str]) -> None:
    on_space = bool(variables.get("SPACE_ID"))
    host = variables.get("SEEDLAB_HOST") or ("0.0.0.0" if on_space else LOCAL[0])
    words = "the address to serve on; 0.0.0.0 is open to the whole network [SEEDLAB_HOST]"
    parser.add_argument("--host", default=host, help=words)
    port = variables.get("SEEDLAB_PORT") or variables.get("GRADIO_SERVER_PORT")
    words = "the port to serve on; by default the first free one from 7860 [SEEDLAB_PORT]"
    parser.add_argument("--port", default=port, help=words)
    _add_switch(parser, variables, "share", False, "create a public link")
    _add_switch(parser, variables, "open", not on_space, "open the page in your browser")
    words = "serve strangers: only Sketch and --model, a bounded store; the default if other machines have access"
    _add_switch(parser, variables, "public", None, words)


def _add_store_flags(parser: argparse.ArgumentParser, variables: Mapping[str, str]) -> None:
    store = variables.get("SEEDLAB_STORE") or "seedlab-pictures"
    words = "the folder for finished pictures [SEEDLAB_STORE]"
    parser.add_argument("--store", default=store, help=words)
    words = "a folder with LoRAs, in which those that other tools' pictures name are looked for [SEEDLAB_LORAS]"
    parser.add_argument("--loras", metavar="FOLDER", default=variables.get("SEEDLAB_LORAS"), help=words)
    _add_switch(parser, variables, "embed", True, "write metadata into each PNG")


def _add_switch(
    parser: argparse.ArgumentParser, variables: Mapping[str, str], name: str, default: bool | None, words: str
) -> None:
    variable = f"SEEDLAB_{name.upper()}"
    given = {"1": True, "0": False}.get(variables.get(variable, ""), default)
    words = f"{words} [{variable}=1 or 0]"
    parser.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, default=given, help=words)


def _read_port(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise SeedLabError(f"“{text[:20]}” is not a port: use a number from 0 to 65535.")
    return int(text)
