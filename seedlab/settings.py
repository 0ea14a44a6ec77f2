"""The operator's settings, from flags and environment variables; flags come first."""

import argparse
import difflib
import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.workers import Workers, parse_threads, parse_workers
from seedlab.flags import DEFAULT_MODEL, DEFAULT_STORE, DESCRIPTION, DEVICES, LOCAL, MEMORY_FORMATS, add_flags

YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
VALUES = ("model", "device", "memory_format", "host", "port", "store", "loras", "auth", "workers", "threads")
SERVED_SWITCHES = ("share", "open", "public", "ahead", "mcp", "api")
SWITCHES = ("deterministic", "embed", *SERVED_SWITCHES)
PREFIX = "SEEDLAB_"
VARIABLES = tuple(f"{PREFIX}{name.upper()}" for name in (*VALUES, *SWITCHES, "cache", "wildcards"))
"""All variables that SeedLab reads under its own name.

SEEDLAB_CACHE is a folder; `pipelines/` reads it. So is SEEDLAB_WILDCARDS; `rules/expansion.py` reads it."""

MIN_PASSWORD = 8

PUBLIC_STORE_BYTES = 2 * 2**30
RUNS_BYTES = 2**28
"""The size limit of the paused runs of drafts: some thousand pictures."""

RUNS_FOLDER, INPUTS_FOLDER = "drafts", "inputs"

PRIVACY = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1"}
"""Variables that libraries read when they are imported: nothing is reported to anybody."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one process.

    Attributes:
        model: the default model: "sketch", a Hub id, a local diffusers folder or .safetensors file.
        device: "cpu", "cuda" or "mps"; None for the best one available.
        memory_format: of the weights, "contiguous_format" or "channels_last"; None for the device's default.
        workers: other processes that make the pictures; None for this one.
        threads: of one operation on the CPU; None for torch's own choice, and 1 with workers.
        host, port: where the page is served; port None for the first free one from 7860.
        auth: "name:password" that everybody has to know; None for a server without a password.
        share: whether Gradio makes a public link.
        deterministic: whether only deterministic algorithms are allowed, which is slower on a GPU.
        store: the folder for finished pictures and drafts.
        runs: the folder for the paused runs of drafts; None for one in the store.
        inputs: the folder for the users' own pictures, from which others start; None for one in the store.
        embed: whether metadata is written into PNG files.
        loras: a folder with LoRAs, in which those that other tools' pictures name are looked for; None for none.
        open_browser: whether the page is opened in the operator's browser.
        ahead: whether likely pictures are made while nobody waits for others; None for yes, unless strangers use it.
        public: whether strangers use it: then only Sketch and the default model are offered, and the store is bounded.
        mcp: whether agents are served, by the Model Context Protocol.
        api: whether the interfaces of other servers are served: OpenAI's and AUTOMATIC1111's.
        on_space: whether it runs as a Space of the Hugging Face Hub, which embeds the page in its own.
        zero_gpu: whether that Space is on ZeroGPU, which lends a GPU for each round.
    """

    model: str = DEFAULT_MODEL
    device: str | None = None
    memory_format: str | None = None
    workers: Workers | None = None
    threads: int | None = None
    host: str = LOCAL[0]
    port: int | None = None
    auth: str | None = None
    share: bool = False
    deterministic: bool = False
    store: Path = Path(DEFAULT_STORE)
    runs: Path | None = None
    inputs: Path | None = None
    embed: bool = True
    loras: Path | None = None
    open_browser: bool = True
    ahead: bool | None = None
    public: bool = False
    mcp: bool = False
    api: bool = False
    on_space: bool = False
    zero_gpu: bool = False

    @property
    def store_bytes(self) -> int | None:
        """The size limit of the store in bytes; None for no limit."""
        return PUBLIC_STORE_BYTES if self.public else None

    @property
    def makes_ahead(self) -> bool:
        """Whether likely pictures are made while nobody waits for others."""
        return not self.public if self.ahead is None else self.ahead

    @property
    def runs_folder(self) -> Path:
        """The folder for the paused runs of drafts."""
        return self.store / RUNS_FOLDER if self.runs is None else self.runs

    @property
    def inputs_folder(self) -> Path:
        """The folder for the users' own pictures."""
        return self.store / INPUTS_FOLDER if self.inputs is None else self.inputs


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
        SeedLabError: a flag or a variable has a value that it cannot have.
    """
    switches = {name: _read_switch(name, getattr(flags, name)) for name in SERVED_SWITCHES}
    host = flags.host.strip().removeprefix("[").removesuffix("]")
    reachable = switches["share"] or not is_local(host)
    return replace(
        make_local_settings(flags),
        host=host,
        port=_read_port(flags.port),
        auth=_read_auth(flags.auth),
        share=bool(switches["share"]),
        open_browser=bool(switches["open"]),
        ahead=switches["ahead"],
        public=bool(reachable if switches["public"] is None else switches["public"]),
        mcp=bool(switches["mcp"]),
        api=bool(switches["api"]),
        on_space=flags.on_space,
        zero_gpu=flags.zero_gpu,
    )


def make_local_settings(flags: argparse.Namespace) -> Settings:
    """Return the settings of parsed flags for a process that is reached by no address, and so by its user alone.

    Raises:
        SeedLabError: as `make_settings`.
    """
    return Settings(
        model=flags.model,
        device=_read_device(flags.device),
        memory_format=_read_memory_format(flags.memory_format),
        workers=parse_workers(flags.workers),
        threads=parse_threads(flags.threads),
        deterministic=bool(_read_switch("deterministic", flags.deterministic)),
        store=Path(flags.store),
        embed=bool(_read_switch("embed", flags.embed)),
        loras=Path(flags.loras) if flags.loras else None,
    )


def set_variables(variables: Mapping[str, str] = PRIVACY) -> None:
    """Set variables of the environment, except those that the user has set."""
    for name, value in variables.items():
        os.environ.setdefault(name, value)


def is_local(host: str) -> bool:
    """Whether only this machine can reach an address to serve on."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() in LOCAL


def list_unknown_variables(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return a sentence for each variable that looks like SeedLab's and is not, such as a misspelt one."""
    unknown = sorted(name for name in variables if name.startswith(PREFIX) and name not in VARIABLES)
    return tuple(_format_unknown(name) for name in unknown)


def _read_switch(name: str, given: bool | str | None) -> bool | None:
    """Read a switch: a flag is True or False, a variable is text, and None is neither."""
    if not isinstance(given, str):
        return given
    word = given.strip().casefold()
    if word not in YES + NO:
        raise SeedLabError(
            f"SEEDLAB_{name.upper()} is “{given[:20]}”: use 1, true, yes or on, or else 0, false, no or off."
        )
    return word in YES


def _read_device(given: str) -> str | None:
    device = given.strip().casefold()
    if device not in DEVICES:
        raise SeedLabError(f"“{given[:20]}” is not a device: use {', '.join(DEVICES)} for SEEDLAB_DEVICE or --device.")
    return None if device == "auto" else device


def _read_memory_format(given: str) -> str | None:
    name = given.strip().casefold()
    if name not in MEMORY_FORMATS:
        listed = ", ".join(MEMORY_FORMATS)
        raise SeedLabError(
            f"“{given[:20]}” is not a memory format: use {listed} for SEEDLAB_MEMORY_FORMAT or --memory-format."
        )
    return MEMORY_FORMATS[name]


def _read_port(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 5 or int(text) > 65535:
        raise SeedLabError(
            f"“{text[:20]}” is not a port: use a number from 0 to 65535 for --port or SEEDLAB_PORT; 0 is any free one."
        )
    return int(text)


def _read_auth(text: str | None) -> str | None:
    if not text:
        return None
    name, _, password = text.partition(":")
    if not name or len(password) < MIN_PASSWORD:
        raise SeedLabError(
            f"The login needs a name, a colon and a password of {MIN_PASSWORD} characters or more: "
            "use NAME:PASSWORD for --auth or SEEDLAB_AUTH."
        )
    return text


def _format_unknown(name: str) -> str:
    known = {each.removeprefix(PREFIX): each for each in VARIABLES}
    close = difflib.get_close_matches(name.removeprefix(PREFIX), known, n=1)
    hint = f"did you mean {known[close[0]]}?" if close else f"SeedLab reads {', '.join(VARIABLES)}."
    return f"{name} is not a setting: {hint}"
