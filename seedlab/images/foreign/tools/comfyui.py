"""ComfyUI: the graph that was run, as JSON in the chunk `prompt` or, in WebP and JPEG, in EXIF.

The sampler that made the image is found from the output back through the links. Where several samplers follow each
other, it is the one that began with an empty latent: the others refined its image, and are left.
"""

from collections.abc import Mapping
from typing import Any

from seedlab.images.foreign.details import EMPTY, Details, Keys, read_details
from seedlab.images.foreign.metadata import Detail, ForeignLora, ForeignMetadata, UnreadableError
from seedlab.images.foreign.networks import take_loras
from seedlab.images.foreign.tools.comfyui_graph import Graph, Link, Node, read_graph
from seedlab.images.foreign.tools.comfyui_texts import find_conditioning
from seedlab.images.foreign.values import list_objects, read_json, read_number, show, strip_ending

KEYS = Keys(distilled_guidance=("guidance",))
HELPERS = ("noise", "guider", "sampler", "sigmas")
"""Inputs of `SamplerCustomAdvanced` that link to nodes with a part of the settings each."""

IMAGE_KEYS = ("images", "image", "samples", "latent_image", "latent", "latents", "pixels", "", "*", "any", "input")
MODEL_KEYS = ("model", "guider", "clip", "", "*", "lora_stack", "model_opt")
LOADER_KEYS = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name", "diffusion_name", "gguf_name")
STRENGTH_KEYS = ("strength_model", "strength_clip", "strength", "lora_model_strength", "lora_clip_strength")
MAX_OUTPUTS = 20
NEUTRAL: dict[str, tuple[object, ...]] = {
    "denoise": (1, 1.0),
    "batch_size": (1,),
    "add_noise": ("enable", True),
    "start_at_step": (0,),
    "return_with_leftover_noise": ("disable", False),
    "scheduler": ("normal",),
    "weight_dtype": ("default",),
    "device": ("default",),
}
IGNORED = ("filename_prefix", "control_after_generate", "image_preview", "preview_method", "token_normalization")
ELSEWHERE = "its value comes from another node"
SILENT = ("VAEDecode", "SaveImage", "PreviewImage", "Reroute", "CLIPTextEncode", "SamplerCustomAdvanced", "BasicGuider")
"""Kinds of nodes that are not named where they have no value of their own."""


def read(texts: Mapping[str, str]) -> ForeignMetadata | None:
    """Read the settings of a graph; None if there is none.

    Raises:
        UnreadableError: there is a workflow without a graph, or no sampler is found.
    """
    graph = _find_graph(texts)
    if graph is None:
        if "workflow" in texts:
            raise UnreadableError("ComfyUI", "it has the workflow of the editor, but not the graph that was run")
        return None
    output = _find_output(graph)
    sampler = _find_sampler(graph, output)
    if sampler is None:
        raise UnreadableError("ComfyUI", "no sampler that SeedLab knows made the image")
    return _read(graph, output, sampler)


def _find_graph(texts: Mapping[str, str]) -> Graph | None:
    candidates = [
        texts.get("prompt"),
        *(text.partition(":")[2] for text in texts.values() if text.startswith("prompt:")),
    ]
    objects = [each for each in map(read_json, candidates) if each is not None]
    for data in list_objects(texts):
        inner = data.get("prompt")
        objects += [data, inner if isinstance(inner, dict) else read_json(inner) or {}]
    return next(filter(None, map(read_graph, objects)), None)


def _find_output(graph: Graph) -> Node:
    """Return the node that saved the image: one that no other reads, preferably one that says so."""
    read_by_others = {link.node for node in graph.nodes.values() for link in node.links.values()}
    ends = [node for node in graph.nodes.values() if node.name not in read_by_others and node.links]
    ends.sort(key=lambda node: ("save" not in node.kind.lower(), "preview" in node.kind.lower()))
    fitting = (node for node in ends[:MAX_OUTPUTS] if _find_sampler(graph, node))
    return next(fitting, next(iter(graph.nodes.values())))


def _find_sampler(graph: Graph, output: Node) -> Node | None:
    """Return the last sampler on the way back from the output along images and latents."""
    on_the_way = [node for node in graph.list_ancestors(output, only=IMAGE_KEYS) if _is_sampler(node)]
    if on_the_way:
        return on_the_way[-1]
    return next((node for node in graph.list_ancestors(output) if _is_sampler(node)), None)


def _is_sampler(node: Node) -> bool:
    has_steps = "steps" in node.inputs or "sigmas" in node.inputs
    has_seed = any(key in node.inputs for key in ("seed", "noise_seed", "noise"))
    return has_steps and has_seed and ("positive" in node.inputs or "guider" in node.inputs or "model" in node.inputs)


def _read(graph: Graph, output: Node, sampler: Node) -> ForeignMetadata:
    parts = _list_parts(graph, sampler)
    latent = graph.follow(_find_link(parts, "latent_image", "latent", "samples", "optional_latent"))
    values: dict[str, Any] = {
        "seed": _get(graph, parts, "noise_seed", "seed"),
        "steps": _get(graph, parts, "steps"),
        "cfg_scale": _get(graph, parts, "cfg"),
        "sampler": _get(graph, parts, "sampler_name"),
        "scheduler": _get(graph, parts, "scheduler"),
        "prompt": find_conditioning(graph, _find_link(parts, "positive", "conditioning"), "positive"),
        "negative_prompt": find_conditioning(graph, _find_link(parts, "negative"), "negative"),
        "width": graph.get(latent, "width", "empty_latent_width") if latent else None,
        "height": graph.get(latent, "height", "empty_latent_height") if latent else None,
        "guidance": _take_distilled_guidance(graph, sampler),
        "model": _take_model(graph, parts),
    }
    details = Details({name: value for name, value in values.items() if value is not None}, KEYS)
    loras = _take_loras(graph, parts, details)
    return read_details("ComfyUI", details, KEYS, loras=loras).leave(*_list_left(graph, output))


def _list_parts(graph: Graph, sampler: Node) -> list[Node]:
    """Return the sampler and the nodes that have a part of its settings."""
    return list(graph.list_ancestors(sampler, only=HELPERS))


def _get(graph: Graph, parts: list[Node], *names: str) -> Any:
    return next((graph.get(node, *names) for node in parts if any(name in node.inputs for name in names)), None)


def _find_link(parts: list[Node], *names: str) -> Link | None:
    return next((node.links[name] for node in parts for name in names if name in node.links), None)


def _take_distilled_guidance(graph: Graph, sampler: Node) -> Any:
    for node in graph.list_ancestors(sampler, only=("guider", "positive", "conditioning", "", "*")):
        if "Flux" in node.kind and "guidance" in node.inputs:
            return graph.get(node, "guidance")
    return None


def _list_model_nodes(graph: Graph, parts: list[Node]) -> list[Node]:
    return list(graph.list_ancestors(parts[0], only=MODEL_KEYS)) if parts else []


def _take_model(graph: Graph, parts: list[Node]) -> str | None:
    for node in _list_model_nodes(graph, parts):
        name = graph.get(node, *LOADER_KEYS)
        if isinstance(name, str):
            return strip_ending(name)
    return None


def _take_loras(graph: Graph, parts: list[Node], details: Details) -> tuple[ForeignLora, ...]:
    """Take the LoRAs of the model, the first one that is applied first."""
    entries = [entry for node in _list_model_nodes(graph, parts) for entry in _list_loras(graph, node)]
    return take_loras(details, reversed(entries))


def _list_loras(graph: Graph, node: Node) -> list[tuple[object, object, object]]:
    name = node.inputs.get("lora_name")
    if isinstance(name, str) and name.lower() not in EMPTY:
        graph.used.add((node.name, "lora_name"))
        strengths = {show(graph.get(node, key)) for key in STRENGTH_KEYS if key in node.inputs}
        return [(name, " and ".join(sorted(strengths)), "")]
    # rgthree's loader of several LoRAs has an object for each.
    named = ((key, value) for key, value in node.values.items() if isinstance(value, dict) and "lora" in value)
    entries: list[tuple[object, object, object]] = []
    for key, value in named:
        graph.used.add((node.name, key))
        if value.get("on", True) is True:
            entries.append((value["lora"], value.get("strength", 1), ""))
    return entries


def _list_left(graph: Graph, output: Node) -> list[Detail]:
    """Name the values that could not be followed, and the nodes that the image came through, with the others."""
    left = [Detail(name, "", ELSEWHERE) for _, name in graph.lost]
    for node in graph.list_ancestors(output):
        values = {name: value for name, value in node.values.items() if not _is_passed_over(graph, node, name, value)}
        taken = any((node.name, name) in graph.used for name in node.inputs)
        if values or not (taken or node.kind in SILENT or len(node.links) <= 1):
            shown = ", ".join(f"{name} {show(value)}" for name, value in values.items())
            left.append(Detail(show(node.kind)[:80], show(shown)))
    return left


def _is_passed_over(graph: Graph, node: Node, name: str, value: object) -> bool:
    if (node.name, name) in graph.used or name in IGNORED or show(value).lower() in EMPTY:
        return True
    if name == "end_at_step":
        return not _ends_early(node)
    return isinstance(value, str | int | float) and value in NEUTRAL.get(name, ())


def _ends_early(node: Node) -> bool:
    steps, end = read_number(node.inputs.get("steps")), read_number(node.inputs.get("end_at_step"))
    return steps is not None and end is not None and end < steps
