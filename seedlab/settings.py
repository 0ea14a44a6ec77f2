"""What the operator decides: environment variables and the flags of app.py, flags first."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seedlab.recipe import SeedLabError

DEFAULT_MODEL = "sketch"
PUBLIC_STORE_BYTES = 2 * 2**30


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How this process is to run.

    Attributes:
        model: the default model: "sketch", a Hub id or a local diffusers folder.
        device: "cpu", "cuda" or "mps"; None for the best that is there.
        host, port: where the page is served; port None for the first free one from 7860 on.
        share: whether Gradio makes a public link.
        store: the folder that finished pictures are kept in.
        open_browser: whether the page is opened in the operator's browser.
        public: whether strangers use it: Sketch and the default model alone, a bounded store.
    """

    model: str = DEFAULT_MODEL
    device: str | None = None
    host: str = "127.0.0.1"
    port: int | None = None
    share: bool = False
    store: Path = Path("seedlab-pictures")
    open_browser: bool = True
    public: bool = False

    @property
    def store_bytes(self) -> int | None:
        """How large the store may grow, in bytes; None for as large as the disk."""
        return PUBLIC_STORE_BYTES if self.public else None


def read_settings(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; a bad flag ends the process with exit code 2 and a sentence, as argparse does.

    Raises:
        SeedLabError: an environment variable cannot be read.
    """
    variables = os.environ if environment is None else environment
    flags = _make_parser(variables).parse_args(arguments)
    on_space = bool(variables.get("SPACE_ID"))
    return Settings(
        model=flags.model,
        device=None if flags.device == "auto" else flags.device,
        host=flags.host,
        port=flags.port,
        share=flags.share,
        store=Path(flags.store),
        open_browser=flags.open and not on_space,
        public=on_space or flags.share or flags.public,
    )


def _make_parser(variables: Mapping[str, str]) -> argparse.ArgumentParser:
    on_space = bool(variables.get("SPACE_ID"))
    parser = argparse.ArgumentParser(
        prog="app.py",
        description="SeedLab in the browser. Each flag can be given as an environment variable, named in brackets.",
    )
    parser.add_argument(
        "--model",
        default=variables.get("SEEDLAB_MODEL") or DEFAULT_MODEL,
        help="the default model: sketch, a Hub id or a local diffusers folder [SEEDLAB_MODEL]",
    )
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda", "mps"),
        default=variables.get("SEEDLAB_DEVICE") or "auto",
        help="where pictures are made [SEEDLAB_DEVICE]",
    )
    parser.add_argument(
        "--host",
        default=variables.get("SEEDLAB_HOST") or ("0.0.0.0" if on_space else "127.0.0.1"),
        help="the address to serve at; 0.0.0.0 lets the whole network in [SEEDLAB_HOST]",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=_read_port(variables.get("SEEDLAB_PORT") or variables.get("GRADIO_SERVER_PORT")),
        help="the port to serve at; by default the first free one from 7860 on [SEEDLAB_PORT]",
    )
    parser.add_argument(
        "--store",
        default=variables.get("SEEDLAB_STORE") or "seedlab-pictures",
        help="the folder that finished pictures are kept in [SEEDLAB_STORE]",
    )
    parser.add_argument("--share", action="store_true", help="make a public link; implies --public")
    parser.add_argument(
        "--public",
        action="store_true",
        default=variables.get("SEEDLAB_PUBLIC") == "1",
        help="strangers use it: only Sketch and --model, a bounded store [SEEDLAB_PUBLIC=1]",
    )
    parser.add_argument(
        "--open",
        action=argparse.BooleanOptionalAction,
        default=variables.get("SEEDLAB_OPEN") != "0",
        help="open the page in your browser [SEEDLAB_OPEN=0 for not]",
    )
    return parser


def _read_port(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise SeedLabError(f"The port “{text[:20]}” is not one: use a number from 0 to 65535.")
    return int(text)
