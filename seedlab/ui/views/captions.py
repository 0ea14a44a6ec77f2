"""Texts of the page: names, captions, settings, progress and model notes. Pure functions."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from seedlab.core.errors import RecipeError
from seedlab.core.models.fit import Fit
from seedlab.core.models.model import Model
from seedlab.core.models.model_card import ModelCard
from seedlab.core.models.model_checks import NO_STAGES
from seedlab.core.recipes.recipe import CPU_NOISES, Recipe
from seedlab.core.recipes.schedulers import find_scheduler
from seedlab.core.recipes.start import Start
from seedlab.core.texts.file_names import name_file
from seedlab.core.texts.text import quote
from seedlab.core.texts.text_changes import Kind, Part, compare_texts
from seedlab.workflow.drafts import format_draft
from seedlab.workflow.trails.mark import Mark
from seedlab.workflow.trails.trail import UNFINISHED, Round, State, Tile, Trail

DTYPES = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}
DEVICES = {"cpu": "noise from the CPU", "cuda": "noise from the GPU", "mps": "noise from the GPU"}
STATE_LABELS = {
    State.WAITING: "waiting",
    State.RUNNING: "in progress",
    State.DRAFT: "finish it",
    State.DONE: "finished; lock this seed",
    State.FAILED: "failed; try again",
    State.STOPPED: "stopped; resume",
}


def name_tile(tile: Tile, caption: str) -> str:
    """Return a tile's accessible name: "Seed 2, artsy, finished; lock this seed"."""
    draft = "" if tile.draft_steps is None else f"draft, {format_draft(tile.draft_steps, tile.recipe)}"
    parts = [name_picture(tile, caption), *name_mark(tile.mark), draft, STATE_LABELS[tile.state], tile.sentence]
    return ", ".join(part for part in parts if part)


def name_mark(mark: Mark) -> tuple[str, ...]:
    """Return what a mark says: "kept", "3 stars"."""
    decision = {True: "kept", False: "rejected", None: ""}[mark.kept]
    stars = f"{mark.stars} star{'s' if mark.stars != 1 else ''}" if mark.stars else ""
    return tuple(filter(None, (decision, stars)))


def name_picture(tile: Tile, caption: str) -> str:
    """Return a picture's name: "Seed 2, artsy"."""
    return f"Seed {tile.recipe.seed}, {caption}" if caption else f"Seed {tile.recipe.seed}"


def name_download(trail: Trail, round_: Round, index: int) -> str:
    """Return a download's file name: "labrador-in-the-style-of-vermeer-seed-2-artsy.png"."""
    first = round_
    while first.parent is not None:
        first = trail.round(first.parent[0])
    parts = [_slug(trail.share_prompt(first), 60) or "seedlab", f"seed-{round_.tiles[index].recipe.seed}"]
    parts += [_slug(caption, 30) for caption in trail.captions_of(round_.id, index, 3)]
    return "-".join(part for part in parts if part) + ".png"


def name_round(trail: Trail) -> str:
    """Return the name of a file with a trail, without its ending: "labrador-in-the-style-of-vermeer-seeds-0-3"."""
    if not trail.rounds:
        return "seedlab"
    newest = trail.newest
    parts = (
        _slug(trail.share_prompt(trail.round(trail.root_of(newest.id))), 60) or "seedlab",
        _slug(newest.title.replace("–", "-"), 40),
    )
    return "-".join(filter(None, parts))


def _slug(text: str, limit: int) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:limit].strip("-")


def split_prompt(trail: Trail, round_: Round, tile: Tile) -> tuple[str, str]:
    """Split a tile's prompt into the part its round shares and the part added to it."""
    prompt = tile.recipe.prompt
    base = trail.share_prompt(round_)
    if round_.parent is None or not prompt.startswith(base):
        return prompt, ""
    return base, prompt[len(base) :]


def mark_prompt(round_: Round, tile: Tile) -> tuple[str, tuple[Part, ...]]:
    """Split a tile's prompt: its start, which its round shares, and what follows, with what was added or removed."""
    prompt = tile.recipe.prompt
    parts = compare_texts(prompt if round_.parent is None else round_.base.prompt, prompt)
    return (parts[0][1], parts[1:]) if parts and parts[0][0] is Kind.KEPT else ("", parts)


def format_seed(recipe: Recipe) -> str:
    """Format the seed and its noise: "2, noise from the CPU, nudged toward 7 (0.1), resized from 256×256"."""
    seed = recipe.seed
    is_cut = recipe.generator_device == "cpu" and seed >= CPU_NOISES
    same = [f"the same as that of seed {seed % CPU_NOISES}"] if is_cut else []
    nudges = [f"nudged toward {each.seed} ({each.weight:g})" for each in recipe.nudges]
    resized = [f"resized from {recipe.noise_width}×{recipe.noise_height}"] if recipe.resizes_noise else []
    return ", ".join((str(seed), DEVICES[recipe.generator_device], *same, *nudges, *resized))


def format_settings(recipe: Recipe, names: Mapping[str, str]) -> str:
    """Format the other settings: "Sketch · 10 steps · guidance 3 · DPM++ 2M · 128×128 · fp32"."""
    steps = recipe.num_inference_steps
    return " · ".join(
        (
            name_model(recipe, names),
            f"{steps} step{'s' if steps != 1 else ''}",
            f"guidance {recipe.guidance_scale:g}",
            label_scheduler(recipe.scheduler),
            f"{recipe.width}×{recipe.height}",
            DTYPES[recipe.dtype],
            *(["prompt weights"] if recipe.prompt_syntax else []),
            *([f"{quote_late_words(recipe)} after step {recipe.late_step}"] if recipe.late_prompt else []),
            *([format_variety(recipe)] if recipe.seed_variety else []),
            *(f"LoRA {name_file(lora.file)} {lora.weight:g}" for lora in recipe.loras),
            *(["decoded in tiles"] if recipe.vae_tiling else []),
            *([] if recipe.start is None else [format_start(recipe.start)]),
        )
    )


def format_variety(recipe: Recipe) -> str:
    """Format the noise in the prompt: "seed variety 0.5 in the first 3 steps"."""
    steps = recipe.seed_variety_steps
    first = "first step" if steps == 1 else f"first {steps} steps"
    return f"seed variety {recipe.seed_variety:g} in the {first}"


def format_start(start: Start) -> str:
    """Format what a picture starts from: "from the picture of seed 2 in 256×256, strength 0.35"."""
    if start.picture is not None:
        return f"from {quote(start.picture.file, 80)}, strength {start.strength:g}"
    parent = start.recipe
    assert parent is not None  # for mypy: there is one or the other
    source = f"the {'latents' if start.resizes_latents else 'picture'} of seed {parent.seed}"
    return f"from {source} in {parent.width}×{parent.height}, strength {start.strength:g}"


def quote_late_words(recipe: Recipe) -> str:
    """Quote what late words add to the prompt, or the prompt that they make: “, artsy”."""
    return quote(recipe.late_prompt.removeprefix(recipe.prompt), 200)


def name_model(recipe: Recipe, names: Mapping[str, str]) -> str:
    """Return the model's name and, if pinned, its short commit: "Stable Diffusion 1.5 (451f4fe)"."""
    revision = recipe.revision or ""
    if recipe.model_address in names:
        return names[recipe.model_address]
    name = names.get(recipe.model_id, recipe.model_id)
    return f"{name} ({revision[:7] if re.fullmatch('[0-9a-f]{40}', revision) else revision})" if revision else name


def label_scheduler(name: str) -> str:
    """Return a scheduler's label, or the name itself if it is unknown."""
    try:
        return find_scheduler(name).label
    except RecipeError:
        return name


def format_progress(rounds: Sequence[Round]) -> str:
    """Format the progress over all tiles of the rounds: "3 of 4 pictures done"."""
    tiles = [tile for round_ in rounds for tile in round_.tiles]
    if not tiles:
        return ""
    if any(round_.draft_steps is not None for round_ in rounds):
        return _format_sheet(tiles)
    count = {state: sum(tile.state is state for tile in tiles) for state in State}
    words = f"{count[State.DONE]} of {len(tiles)} picture{'s' if len(tiles) != 1 else ''} done"
    if count[State.FAILED]:
        words += f", {count[State.FAILED]} failed"
    if count[State.STOPPED] and not count[State.RUNNING] and not count[State.WAITING]:
        words += ", the rest stopped"
    return words


def _format_sheet(tiles: Sequence[Tile]) -> str:
    """Format the progress of drafts: "64 pictures: 3 finished, 40 drafts, 2 being finished, 19 waiting"."""
    count = Counter(map(_name_stage, tiles))
    listed = ", ".join(f"{count[stage]} {stage}" for stage in STAGES if count[stage])
    words = f"{len(tiles)} picture{'s' if len(tiles) != 1 else ''}: {listed}"
    return words.replace(" 1 drafts", " 1 draft")


STAGES = ("finished", "drafts", "being finished", "waiting", "failed", "stopped")
"""In the order in which they are listed."""


def _name_stage(tile: Tile) -> str:
    if tile.state in UNFINISHED:
        return "being finished" if tile.finishing else "waiting"
    return {State.DONE: "finished", State.DRAFT: "drafts", State.FAILED: "failed"}.get(tile.state, "stopped")


def format_model_notes(model: Model, seeds: str) -> str:
    """Format the notes under the model field: licence, size, effect of the seed, scheduler, arguments it ignores.

    Args:
        seeds: the note about the effect of the seed.
    """
    notes = [_format_card(model), seeds, model.format_replaced_scheduler()]
    if model.unconditional:
        notes.append(f"{model.name} has no prompt: explore its seeds instead.")
    elif model.ignores:
        labels = {"negative_prompt": "the negative prompt", "guidance_scale": "guidance"}
        notes.append(f"It ignores {' and '.join(labels[name] for name in model.ignores)}.")
    if not model.can_develop and not model.unconditional:
        notes.append(f"It {NO_STAGES}: its pictures are not made larger.")
    return " ".join(note for note in notes if note)


def label_model(label: str, fit: Fit, card: ModelCard | None, seconds: float | None = None) -> str:
    """Label a model in the list: "SDXL · 7 GB, here, 12 s a picture". Built-in ones have no size.

    Args:
        seconds: that a picture took on this machine; None if none was made here.
    """
    size = [] if card is None or not card.download else [f"{card.download:g} GB", fit.value]
    time = [] if seconds is None else [f"{format_seconds(seconds)} a picture"]
    return " · ".join(filter(None, (label, ", ".join([*size, *time]))))


def format_seconds(seconds: float) -> str:
    """Format a measured time with two digits: "0.8 s", "12 s", "3 min"."""
    if seconds < 99.5:
        return f"{float(f'{max(seconds, 0.01):.2g}'):g} s"
    return f"{round(seconds / 60)} min"


def format_default_draft(model: Model, steps: int) -> str:
    """Format after how many of a picture's steps its draft is stopped by default: "3 of 12 steps"."""
    return f"{min(model.choose_draft_steps(steps), steps - 1)} of {steps} steps" if steps > 1 else ""


def _format_card(model: Model) -> str:
    card = model.card
    if card is None:
        return ""
    if not card.download:
        return f"{card.licence}, built in."
    size = f"Licence: {card.licence}. {card.download:g} GB to download, about {card.memory:g} GB of memory."
    page = f"https://huggingface.co/{model.model_id}"
    return f"{size} Accept its licence first at {page}." if card.gated else size
