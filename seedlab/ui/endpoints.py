"""The named endpoints for `gradio_client`: typed functions without components, each returning one JSON string."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from seedlab.core.clients import name_client
from seedlab.core.errors import SeedLabError
from seedlab.workflow.jobs.rounds import Grid
from seedlab.workflow.programs.progress import Work
from seedlab.workflow.programs.tools import Tools, write_json

WORKING: dict[str, Any] = {"concurrency_id": "develop", "concurrency_limit": 64}
MakeTools = Callable[[str, str], Tools]
READING: dict[str, Any] = {"concurrency_limit": 8}


def add_endpoints(make_tools: MakeTools) -> None:
    """Add the endpoints to the current Blocks context.

    Args:
        make_tools: makes the tools of a visitor, who reaches the server at an address.
    """
    endpoints = _Endpoints(make_tools)
    for name in ("grid", "refine", "finish", "verify"):
        # What it yields, of which the last is the result: Gradio's description of the interface takes no iterators.
        getattr(_Endpoints, name).__annotations__["return"] = str
        gr.api(getattr(endpoints, name), api_name=name, **WORKING)  # type: ignore[attr-defined]
    for name in ("models", "look", "recipe", "script"):
        gr.api(getattr(endpoints, name), api_name=name, **READING)  # type: ignore[attr-defined]


class _Endpoints:
    def __init__(self, make_tools: MakeTools) -> None:
        self._make_tools = make_tools

    def models(self, request: gr.Request) -> str:
        """List the models that grid may name, as JSON."""
        return self._call(request, Tools.list_models)

    def grid(
        self,
        request: gr.Request,
        prompt: str,
        seeds: str = "0-3",
        model: str = "",
        negative_prompt: str = "",
        steps: int = 0,
        guidance: float = -1.0,
        width: int = 0,
        height: int = 0,
        scheduler: str = "",
        draft: bool = False,
        variety: float = 0.0,
        start: str = "",
        strength: str = "",
    ) -> Iterator[str]:
        """Make a picture for each seed of a prompt.

        Args:
            prompt: what to make pictures of.
            seeds: such as "0-3", "7, 42" or "random 4".
            model: one that models lists; "" for the default.
            negative_prompt: what to keep out of the pictures.
            steps: denoising steps; 0 for the model's default.
            guidance: how closely to follow the prompt, 0 to 100; -1 for the model's default.
            width: in pixels; 0 for the model's default.
            height: in pixels; 0 for the model's default.
            scheduler: such as "DDIM" or "Euler a"; "" for the model's default.
            draft: whether to make only the first steps of each.
            variety: noise of the seed in the prompt embedding, 0 to 2, for few-step models, whose seeds change little.
            start: a PNG, JPEG or WebP file that the pictures start from, in Base64; "" for noise.
            strength: how much of it may change, above 0 to 1, or "subtle" or "strong"; "" for 0.5.

        Returns:
            JSON: the id, seed, SHA-256 and URL of each picture.
        """
        wanted = Grid(
            prompt=prompt,
            seeds=seeds,
            model=model,
            negative_prompt=negative_prompt or None,
            steps=steps or None,
            guidance=None if guidance < 0 else guidance,
            width=width or None,
            height=height or None,
            scheduler=scheduler or None,
            draft=draft,
            variety=variety,
            strength=strength or None,
        )
        yield from self._work(request, lambda tools: tools.make_grid(wanted, start))

    def refine(self, request: gr.Request, picture: str, variations: dict[str, Any] | None = None) -> Iterator[str]:
        """Lock a picture's seed and vary something else.

        Args:
            picture: the id of a picture.
            variations: one kind by name, such as {"suffix": [", artsy"]} or {"sweep": "guidance 1.5, 2"}; none for
                the guide's suffixes.

        Returns:
            JSON: as grid.
        """
        yield from self._work(request, lambda tools: tools.refine(picture, variations or {}))

    def finish(self, request: gr.Request, picture: str) -> Iterator[str]:
        """Make the whole picture of a draft; its bytes are those of the whole run.

        Args:
            picture: the id of a draft.

        Returns:
            JSON: as grid.
        """
        yield from self._work(request, lambda tools: tools.finish(picture))

    def look(self, request: gr.Request, pictures: list[str]) -> str:
        """Look at one picture, or at several side by side.

        Args:
            pictures: the ids of pictures.

        Returns:
            JSON: {"image": a JPEG as a data: address}.
        """

        def encode(tools: Tools) -> dict[str, str]:
            return {"image": f"data:image/jpeg;base64,{b64encode(tools.look(pictures)).decode()}"}

        return self._call(request, encode)

    def recipe(self, request: gr.Request, picture: str) -> str:
        """Return what decides a picture: its recipe and its environment, as JSON.

        Args:
            picture: the id of a picture.
        """
        return self._call(request, lambda tools: tools.read_recipe(picture))

    def verify(self, request: gr.Request, picture: str) -> Iterator[str]:
        """Make a picture again, alone, and compare the bytes; the result is JSON.

        Args:
            picture: the id of a picture.
        """
        yield from self._work(request, lambda tools: tools.verify(picture))

    def script(self, request: gr.Request, pictures: list[str]) -> str:
        """Write pictures of one round as a Python script that makes them with diffusers alone, as JSON.

        Args:
            pictures: the ids of pictures of one round.
        """
        return self._call(request, lambda tools: tools.write_script(pictures))

    def _call(self, request: gr.Request, function: Callable[[Tools], Any]) -> str:
        try:
            return write_json(function(self._make_tools(name_visitor(request), str(getattr(request, "base_url", "")))))
        except SeedLabError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def _work(self, request: gr.Request, start: Callable[[Tools], Work[Any]]) -> Iterator[str]:
        """Yield how far the work is, and at last its result. Gradio closes this when the caller cancels."""
        try:
            work = start(self._make_tools(name_visitor(request), str(getattr(request, "base_url", ""))))
            try:
                while True:
                    progress = next(work)
                    yield write_json({"done": progress.done, "total": progress.total, "state": progress.sentence})
            except StopIteration as end:
                yield write_json(end.value)
            finally:
                work.close()
        except SeedLabError as error:
            raise gr.Error(str(error), print_exception=False) from error


def name_visitor(request: gr.Request) -> str:
    """Return the address of a visitor: all tabs of one take their turns together."""
    client = getattr(request, "client", None)
    return name_client(client.host) if client is not None else request.session_hash or ""
