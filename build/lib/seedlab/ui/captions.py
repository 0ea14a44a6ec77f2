"""Trails in words: what the page says about a tile, a recipe and the work. Pure functions."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from seedlab.core.errors import RecipeError
from seedlab.core.model import Model
from seedlab.core.recipe import Recipe
from seedlab.core.schedulers import find_scheduler
from seedlab.workflow.trail import Round, State, Tile, Trail

DTYPES = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}
DEVICES = {"cpu": "noise from the CPU", "cuda": "noise from the GPU", "mps": "noise from the GPU"}
ACTIONS = {
    State.WAITING: "waiting",
    State.RUNNING: "in the making",
    State.DONE: "finished; lock this seed",
    State.FAILED: "failed; try again",
    State.STOPPED: "stopped; go on",
}


def name_tile(tile: Tile) -> str:
    """Name a tile for a screen reader: "Seed 2, artsy, finished; lock this seed"."""
    parts = [name_picture(tile), ACTIONS[tile.state], tile.sentence]
    return ", ".join(part for part in parts if part)


def name_picture(tile: Tile) -> str:
    """Name a picture: "Seed 2, artsy"."""
    suffix = clean_suffix(tile.suffix)
    return f"Seed {tile.recipe.seed}, {suffix}" if suffix else f"Seed {tile.recipe.seed}"


def clean_suffix(suffix: str) -> str:
    """Take off the punctuation that glues a suffix to its prompt."""
    return suffix.strip(" ,;.")


def name_download(trail: Trail, round_: Round, index: int) -> str:
    """Name the file that the visitor gets: "labrador-in-the-style-of-vermeer-seed-2-artsy.png"."""
    first = round_
    while first.parent is not None:
        first = trail.round(first.parent[0])
    suffixes = trail.suffixes_to(round_.id, index)
    parts = [_slug(first.prompt, 60) or "seedlab", f"seed-{round_.tiles[index].recipe.seed}"]
    parts += [_slug(suffix, 30) for suffix in suffixes[-3:]]
    return "-".join(part for part in parts if part) + ".png"


def _slug(text: str, limit: int) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:limit].strip("-")


def split_prompt(trail: Trail, round_: Round, tile: Tile) -> tuple[str, str]:
    """Split a tile's prompt into what its parent has already and what is new."""
    prompt = tile.recipe.prompt
    base = share_prompt(trail, round_)
    if round_.parent is None or not prompt.startswith(base):
        return prompt, ""
    return base, prompt[len(base) :]


def share_prompt(trail: Trail, round_: Round) -> str:
    """Return the prompt that the tiles of a round share."""
    return round_.prompt if round_.parent is None else trail.tile(*round_.parent).recipe.prompt


def format_seed(recipe: Recipe) -> str:
    """Say the seed and where its noise is drawn: "2, noise from the CPU"."""
    return f"{recipe.seed}, {DEVICES[recipe.generator_device]}"


def format_settings(recipe: Recipe, names: Mapping[str, str]) -> str:
    """Say the rest of a recipe: "Sketch · 10 steps · guidance 3 · DPM++ 2M · 128×128 · fp32"."""
    steps = recipe.num_inference_steps
    return " · ".join(
        (
            name_model(recipe, names),
            f"{steps} step{'s' if steps != 1 else ''}",
            f"guidance {recipe.guidance_scale:g}",
            label_scheduler(recipe.scheduler),
            f"{recipe.width}×{recipe.height}",
            DTYPES[recipe.dtype],
            *(f"LoRA {_name_file(lora.file)} {lora.weight:g}" for lora in recipe.loras),
        )
    )


def _name_file(path: str) -> str:
    return re.split(r"[/\\]", path)[-1].removesuffix(".safetensors")


def name_model(recipe: Recipe, names: Mapping[str, str]) -> str:
    """Name a recipe's model, with the first digits of its commit if it has one: "Stable Diffusion 1.5 (451f4fe)"."""
    revision = recipe.revision or ""
    if recipe.model_address in names:
        return names[recipe.model_address]
    name = names.get(recipe.model_id, recipe.model_id)
    return f"{name} ({revision[:7] if re.fullmatch('[0-9a-f]{40}', revision) else revision})" if revision else name


def label_scheduler(name: str) -> str:
    """Return what people call a scheduler; the name itself where we do not know it."""
    try:
        return find_scheduler(name).label
    except RecipeError:
        return name


def format_progress(rounds: Sequence[Round]) -> str:
    """Say how far the work is, over the rounds that are being worked on: "3 of 4 pictures done"."""
    tiles = [tile for round_ in rounds for tile in round_.tiles]
    if not tiles:
        return ""
    count = {state: sum(tile.state is state for tile in tiles) for state in State}
    words = f"{count[State.DONE]} of {len(tiles)} picture{'s' if len(tiles) != 1 else ''} done"
    if count[State.FAILED]:
        words += f", {count[State.FAILED]} failed"
    if count[State.STOPPED] and not count[State.RUNNING] and not count[State.WAITING]:
        words += ", the rest stopped"
    return words


def name_root(round_: Round) -> str:
    """Name an earlier first round in a few words: "Labrador in the style of… · 0–3"."""
    prompt = " ".join(round_.prompt.split())
    short = prompt if len(prompt) <= 32 else prompt[:30].rstrip(" ,;.") + "…"
    return f"{short or 'No prompt'} · {round_.title.removeprefix('Seeds ').removeprefix('Seed ')}"


def format_unknown_words(name: str, words: Sequence[str], examples: Sequence[str] = ()) -> str:
    """Say which words a model does not know, gently, and some that it does; "" when it knows them all."""
    if not words:
        return ""
    listed = ", ".join(f"“{word[:40]}”" for word in words[:6]) + ("…" if len(words) > 6 else "")
    known = ", ".join(examples)
    knows = f"It knows {known} and more: all its words are under the examples." if known else "It draws what it can."
    return f"{name} does not know: {listed}. {knows}"


def format_model_notes(model: Model) -> str:
    """Say what to know of a model: its licence and costs, how much its seed decides, what it does not take."""
    sentences = [_say_card(model), model.card.seeds if model.card else ""]
    if model.unconditional:
        sentences.append(f"{model.name} takes no words: its seeds are all there is to explore.")
    elif model.ignores:
        words = {"negative_prompt": "no negative prompt", "guidance_scale": "no guidance"}
        sentences.append(f"It takes {' and '.join(words[name] for name in model.ignores)}.")
    return " ".join(sentence for sentence in sentences if sentence)


def _say_card(model: Model) -> str:
    card = model.card
    if card is None:
        return ""
    if not card.download:
        return f"{card.licence}, built in."
    costs = f"Licence: {card.licence}. {card.download:g} GB to download, about {card.memory:g} GB of memory."
    page = f"https://huggingface.co/{model.model_id}"
    return f"{costs} Its licence has to be accepted first, at {page}." if card.gated else costs
