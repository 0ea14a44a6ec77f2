"""The flags of the operator's settings, whose defaults are environment variables."""

import argparse
from collections.abc import Mapping

from seedlab.core.machine.workers import THREADS_HELP, WORKERS_HELP
from seedlab.core.models.model import SKETCH
from seedlab.core.recipes.recipe_checks import GENERATOR_DEVICES

DEFAULT_MODEL = SKETCH
DEFAULT_STORE = "seedlab-pictures"
LOCAL = ("127.0.0.1", "localhost", "::1")
"""Addresses that only this machine can reach."""

DEVICES = ("auto", *GENERATOR_DEVICES)
MEMORY_FORMATS = {"auto": None, "contiguous": "contiguous_format", "channels-last": "channels_last"}
"""What torch calls the memory formats of weights, by their names on the command line."""
MEMORY_FORMAT_HELP = "of the weights: channels-last, the default on a CPU, is faster; plain scripts use contiguous"
MODEL_HELP = 'sketch, a name such as "SDXL base", a Hub id as owner/name, a diffusers folder or a .safetensors file'
DESCRIPTION = (
    "SeedLab in the browser. A variable in brackets does the same as its flag. SEEDLAB_CACHE is the folder of what"
    " SeedLab remembers, and SEEDLAB_WILDCARDS that of the files for wildcards."
)


def add_flags(parser: argparse.ArgumentParser, variables: Mapping[str, str]) -> None:
    """Add the flags that `make_settings` reads. Their defaults come from environment variables, and are not read here:

    a wrong variable must not stop commands that do not use it.
    """
    add_local_flags(parser, variables)
    _add_page_flags(parser, variables)
    _add_program_flags(parser, variables)
    # As the package `spaces` reads it.
    zero_gpu = variables.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
    parser.set_defaults(on_space=bool(variables.get("SPACE_ID")), zero_gpu=zero_gpu)


def add_local_flags(parser: argparse.ArgumentParser, variables: Mapping[str, str]) -> None:
    """Add the flags that `make_local_settings` reads: of what makes and keeps pictures, and serves no address."""
    _add_model_flags(parser, variables)
    words = "only deterministic algorithms: equal bytes from run to run on a GPU too, at some cost of speed"
    _add_switch(parser, variables, "deterministic", False, words)
    _add_store_flags(parser, variables)


def _add_model_flags(parser: argparse.ArgumentParser, variables: Mapping[str, str]) -> None:
    model = variables.get("SEEDLAB_MODEL") or DEFAULT_MODEL
    words = f"the default model: {MODEL_HELP} [SEEDLAB_MODEL]"
    parser.add_argument("--model", default=model, help=words)
    device = variables.get("SEEDLAB_DEVICE") or "auto"
    words = "where to compute [SEEDLAB_DEVICE]"
    parser.add_argument("--device", choices=DEVICES, default=device, help=words)
    memory_format = variables.get("SEEDLAB_MEMORY_FORMAT") or "auto"
    words = f"{MEMORY_FORMAT_HELP} [SEEDLAB_MEMORY_FORMAT]"
    parser.add_argument("--memory-format", choices=MEMORY_FORMATS, default=memory_format, help=words)
    words = f"{WORKERS_HELP} [SEEDLAB_WORKERS]"
    parser.add_argument("--workers", metavar="WHERE", default=variables.get("SEEDLAB_WORKERS"), help=words)
    words = f"{THREADS_HELP} [SEEDLAB_THREADS]"
    parser.add_argument("--threads", metavar="N", default=variables.get("SEEDLAB_THREADS"), help=words)


def _add_page_flags(parser: argparse.ArgumentParser, variables: Mapping[str, str]) -> None:
    on_space = bool(variables.get("SPACE_ID"))
    host = variables.get("SEEDLAB_HOST") or ("0.0.0.0" if on_space else LOCAL[0])
    words = "the address to serve on; 0.0.0.0 is open to the whole network [SEEDLAB_HOST]"
    parser.add_argument("--host", default=host, help=words)
    port = variables.get("SEEDLAB_PORT") or variables.get("GRADIO_SERVER_PORT")
    words = "the port to serve on; by default the first free one from 7860 [SEEDLAB_PORT]"
    parser.add_argument("--port", default=port, help=words)
    words = "ask everybody for this name and password; as a variable, other users cannot see it [SEEDLAB_AUTH]"
    parser.add_argument("--auth", metavar="NAME:PASSWORD", default=variables.get("SEEDLAB_AUTH"), help=words)
    _add_switch(parser, variables, "share", False, "create a public link")
    _add_switch(parser, variables, "open", not on_space, "open the page in your browser")
    words = "while nobody waits, make the pictures that a click will probably ask for; the default unless --public"
    _add_switch(parser, variables, "ahead", None, words)
    words = "public mode: offer only Sketch and --model, and limit the store; the default if other machines have access"
    _add_switch(parser, variables, "public", None, words)


def _add_store_flags(parser: argparse.ArgumentParser, variables: Mapping[str, str]) -> None:
    store = variables.get("SEEDLAB_STORE") or DEFAULT_STORE
    words = "the folder for finished pictures [SEEDLAB_STORE]"
    parser.add_argument("--store", default=store, help=words)
    words = "a folder with LoRAs, in which those that other tools' pictures name are looked for [SEEDLAB_LORAS]"
    parser.add_argument("--loras", metavar="FOLDER", default=variables.get("SEEDLAB_LORAS"), help=words)
    _add_switch(parser, variables, "embed", True, "write metadata into each PNG")


def _add_program_flags(parser: argparse.ArgumentParser, variables: Mapping[str, str]) -> None:
    _add_switch(parser, variables, "mcp", False, "serve agents at /seedlab/mcp, by the Model Context Protocol")
    words = (
        "serve POST /v1/images/generations as OpenAI does, and POST /sdapi/v1/txt2img and img2img as AUTOMATIC1111 does"
    )
    _add_switch(parser, variables, "api", False, words)


def _add_switch(
    parser: argparse.ArgumentParser, variables: Mapping[str, str], name: str, default: bool | None, words: str
) -> None:
    variable = f"SEEDLAB_{name.upper()}"
    given = variables.get(variable) or default
    words = f"{words} [{variable}=1 or 0]"
    parser.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, default=given, help=words)
