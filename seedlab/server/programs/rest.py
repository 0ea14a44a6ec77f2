"""The interfaces of other servers, for programs that speak them: OpenAI's images, AUTOMATIC1111's txt2img and img2img.

Sources: https://platform.openai.com/docs/api-reference/images/create and modules/api/models.py of
AUTOMATIC1111/stable-diffusion-webui. A setting that SeedLab does not have is refused, never dropped.
"""

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import SystemRandom
from typing import Any

from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.recipes.additions import MAX_SEED
from seedlab.core.recipes.recipe import CPU_NOISES
from seedlab.core.texts.text import quote
from seedlab.server.programs.running import MAX_CALLS, run_while_heard
from seedlab.workflow.jobs.rounds import Grid
from seedlab.workflow.programs.tools import MAX_PICTURES, Tools

OPENAI, A1111, A1111_IMAGES = "/v1/images/generations", "/sdapi/v1/txt2img", "/sdapi/v1/img2img"
PATHS = (OPENAI, A1111, A1111_IMAGES)

OPENAI_FIELDS = {"prompt", "model", "n", "size", "seed", "response_format", "user"}
OPENAI_DEFAULTS = {
    "quality": ("auto", "standard"),
    "style": (),
    "output_format": ("png",),
    "background": ("auto", "opaque"),
    "moderation": ("auto",),
    "stream": (False,),
    "partial_images": (0,),
    "output_compression": (100,),
}
A1111_FIELDS = {
    "prompt",
    "negative_prompt",
    "seed",
    "steps",
    "cfg_scale",
    "width",
    "height",
    "sampler_name",
    "sampler_index",
    "scheduler",
    "batch_size",
    "n_iter",
    "override_settings",
}
A1111_IMAGE_FIELDS = A1111_FIELDS | {"init_images", "denoising_strength"}
A1111_STRENGTH = 0.75
"""Its default."""

A1111_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "send_images": (True,),
    "save_images": (False,),
    "subseed": (-1,),
    "seed_resize_from_h": (-1,),
    "seed_resize_from_w": (-1,),
    "override_settings_restore_afterwards": (True, False),
    "denoising_strength": (0.75, 0.7),
    "hr_scale": (2, 2.0),
    "hr_upscaler": ("Latent",),
    "s_noise": (1, 1.0),
    "do_not_save_samples": (True,),
    "do_not_save_grid": (True,),
    "script_args": ([],),
    "alwayson_scripts": ({},),
    "styles": ([],),
    "comments": ({},),
}
A1111_IMAGE_DEFAULTS: dict[str, tuple[Any, ...]] = {
    **{name: values for name, values in A1111_DEFAULTS.items() if name != "denoising_strength"},
    # Crop and resize. 0, which every client sends, would stretch a picture of another shape: a notice says that it is
    # cropped.
    "resize_mode": (1,),
    "include_init_images": (False,),
    "mask_blur": (4,),
    "mask_blur_x": (4,),
    "mask_blur_y": (4,),
    "mask_round": (True,),
    "inpaint_full_res": (True,),
    "inpainting_fill": (0,),
    "initial_noise_multiplier": (1, 1.0),
}
EMPTY = (None, False, "", 0, 0.0)
"""Values of settings that ask for nothing."""

MakeTools = Callable[[Request], Tools]
draw_seed = SystemRandom().randrange


class _FieldError(SeedLabError):
    """A field of a request has a value that SeedLab cannot take."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def make_rest_routes(make_tools: MakeTools) -> list[BaseRoute]:
    """Return the routes of the two interfaces."""
    limiter = CapacityLimiter(MAX_CALLS)

    async def generate(
        grid: Grid, request: Request, start: str = ""
    ) -> tuple[list[dict[str, Any]], list[bytes], list[str]]:
        tools = make_tools(request)
        made = await run_while_heard(tools.make_grid(grid, start), request.receive, limiter)
        if made["failures"]:
            raise SeedLabError(" ".join(made["failures"]))
        files = [tools.find(picture["picture"]).read_bytes() for picture in made["pictures"]]
        return made["pictures"], files, made["notices"]

    async def answer_openai(request: Request) -> Response:
        try:
            fields = await _read(request)
            grid = _read_openai(fields)
            pictures, files, notices = await generate(grid, request)
        except SeedLabError as error:
            return _refuse_openai(error)
        by_address = fields.get("response_format") == "url"
        data = [
            {"url": picture["url"]} if by_address else {"b64_json": base64.b64encode(file).decode()}
            for picture, file in zip(pictures, files, strict=True)
        ]
        seeds = [each["seed"] for each in pictures]
        return JSONResponse({"created": int(time.time()), "data": data, "seeds": seeds, "notices": notices})

    async def answer_a1111(request: Request) -> Response:
        is_image = request.url.path == A1111_IMAGES
        try:
            fields = await _read(request)
            grid, start = _read_a1111_image(fields) if is_image else (_read_a1111(fields), "")
            pictures, files, notices = await generate(grid, request, start)
        except SeedLabError as error:
            return JSONResponse({"error": "SeedLab", "detail": str(error), "body": "", "errors": str(error)}, 422)
        seeds = [int(picture["seed"]) for picture in pictures]
        info = {"prompt": grid.prompt, "seed": seeds[0], "all_seeds": seeds, "extra_generation_params": notices}
        images = [base64.b64encode(file).decode() for file in files]
        fields.pop("init_images", None)  # as A1111 answers
        return JSONResponse({"images": images, "parameters": fields, "info": json.dumps(info, ensure_ascii=False)})

    answers = {OPENAI: answer_openai, A1111: answer_a1111, A1111_IMAGES: answer_a1111}
    return [Route(path, answer, methods=["POST"]) for path, answer in answers.items()]


async def _read(request: Request) -> dict[str, Any]:
    try:
        fields = await request.json()
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise _FieldError("", "The request must be a JSON object.")
    return fields


def _read_openai(fields: Mapping[str, Any]) -> Grid:
    _refuse_unknown(fields, OPENAI_FIELDS, OPENAI_DEFAULTS)
    seeds = _write_seeds(_read_seed(fields), _read_count(fields, "n"))
    width, height = _read_size(fields.get("size"))
    if fields.get("response_format") not in (None, "b64_json", "url"):
        raise _FieldError("response_format", "The response format is b64_json or url.")
    return Grid(
        prompt=_read_text(fields, "prompt"),
        model=_read_text(fields, "model"),
        seeds=seeds,
        width=width,
        height=height,
    )


def _read_a1111_image(fields: Mapping[str, Any]) -> tuple[Grid, str]:
    """Read a request that starts from a picture. Returns the round, and the picture in Base64."""
    _refuse_unknown(fields, A1111_IMAGE_FIELDS, A1111_IMAGE_DEFAULTS)
    match fields.get("init_images"):
        case [str() as start] if start:
            pass
        case _:
            raise _FieldError("init_images", "Give one picture to start from, in Base64, as init_images.")
    if fields.get("initial_noise_multiplier", 1) not in (None, 1):  # 0 asks for something, too
        raise _FieldError("initial_noise_multiplier", "SeedLab has no initial_noise_multiplier: leave it out.")
    strength = _read_number(fields, "denoising_strength")
    grid = _read_a1111_settings(fields)
    return replace(grid, strength=A1111_STRENGTH if strength is None else strength), start


def _read_a1111(fields: Mapping[str, Any]) -> Grid:
    _refuse_unknown(fields, A1111_FIELDS, A1111_DEFAULTS)
    return _read_a1111_settings(fields)


def _read_a1111_settings(fields: Mapping[str, Any]) -> Grid:
    settings = fields.get("override_settings") or {}
    if not isinstance(settings, dict) or set(settings) - {"sd_model_checkpoint"}:
        raise _FieldError("override_settings", "SeedLab takes sd_model_checkpoint alone of override_settings.")
    first = None if fields.get("seed") == -1 else _read_seed(fields)
    count = _read_count(fields, "batch_size") * _read_count(fields, "n_iter")
    sampler = _read_text(fields, "sampler_name") or _read_text(fields, "sampler_index")
    spacing = _read_text(fields, "scheduler")
    return Grid(
        prompt=_read_text(fields, "prompt"),
        negative_prompt=_read_text(fields, "negative_prompt") or None,
        model=_read_text(settings, "sd_model_checkpoint"),
        seeds=_write_seeds(first, count),
        steps=_read_whole(fields, "steps"),
        guidance=_read_number(fields, "cfg_scale"),
        width=_read_whole(fields, "width"),
        height=_read_whole(fields, "height"),
        scheduler=" ".join(filter(None, (sampler, "" if spacing.casefold() == "automatic" else spacing))) or None,
    )


def _refuse_unknown(fields: Mapping[str, Any], known: set[str], defaults: Mapping[str, tuple[Any, ...]]) -> None:
    for name, value in fields.items():
        if name not in known and value not in (*EMPTY, *defaults.get(name, ())):
            raise _FieldError(name, f"SeedLab has no setting {quote(name, 40)}: leave it out.")


def _read_text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _FieldError(name, f"{name} must be text.")
    return value


def _read_whole(fields: Mapping[str, Any], name: str) -> int | None:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | None):
        raise _FieldError(name, f"{name} must be a whole number.")
    return value


def _read_seed(fields: Mapping[str, Any]) -> int | None:
    seed = _read_whole(fields, "seed")
    if seed is not None and not 0 <= seed <= MAX_SEED:
        raise _FieldError("seed", f"seed must be a whole number from 0 to {MAX_SEED}.")
    return seed


def _read_count(fields: Mapping[str, Any], name: str) -> int:
    """Read a number of pictures, of which a call's may be the product. Unless it is given, it is 1."""
    count = _read_whole(fields, name)
    if count is not None and not 1 <= count <= MAX_PICTURES:
        raise _FieldError(name, f"One call makes 1 to {MAX_PICTURES} pictures: {name} must be such a number.")
    return 1 if count is None else count


def _read_number(fields: Mapping[str, Any], name: str) -> float | None:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise _FieldError(name, f"{name} must be a number.")
    return value


def _read_size(size: Any) -> tuple[int | None, int | None]:
    if size in (None, "auto"):
        return None, None
    width, _, height = size.partition("x") if isinstance(size, str) else ("", "", "")
    if not (width.isascii() and width.isdigit() and height.isascii() and height.isdigit()) or len(size) > 11:
        raise _FieldError("size", "The size is in pixels, width first: 256x256.")
    return int(width), int(height)


def _write_seeds(first: int | None, count: int) -> str:
    if count > MAX_PICTURES:
        raise _FieldError("n", f"One call makes 1 to {MAX_PICTURES} pictures, not {count}.")
    first = draw_seed(CPU_NOISES - count) if first is None else first
    return f"{first}-{first + count - 1}" if count > 1 else str(first)


def _refuse_openai(error: SeedLabError) -> Response:
    field = error.field if isinstance(error, _FieldError | RecipeError) else None
    body = {"message": str(error), "type": "invalid_request_error", "param": field, "code": None}
    return JSONResponse({"error": body}, 400)
