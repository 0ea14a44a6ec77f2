"""Names of the first rounds, which say what differs between those of the same prompt and seeds. Pure functions."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.text_changes import name_change
from seedlab.ui.views.captions import label_scheduler
from seedlab.workflow.trails.trail import Round

MOST_CHARACTERS = 32


def name_roots(roots: Sequence[Round]) -> dict[int, str]:
    """Return short labels of the first rounds by their ids: "Labrador in the style of… · 0–3 · guidance 2"."""
    alike: dict[str, list[Round]] = defaultdict(list)
    for root in roots:
        alike[_name_root(root)].append(root)
    return {
        root.id: " · ".join((name, *_list_differences(root, group))) for name, group in alike.items() for root in group
    }


def _name_root(round_: Round) -> str:
    short = _shorten(round_.tiles[0].recipe.prompt)
    return f"{short or 'No prompt'} · {round_.title.removeprefix('Seeds ').removeprefix('Seed ')}"


def _shorten(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= MOST_CHARACTERS else words[: MOST_CHARACTERS - 2].rstrip(" ,;.") + "…"


def _list_differences(root: Round, group: Sequence[Round]) -> Iterator[str]:
    recipe, others = root.tiles[0].recipe, [each.tiles[0].recipe for each in group if each.id != root.id]
    if not others:
        return
    described = [_describe(recipe, group[0].tiles[0].recipe), *(_describe(other, recipe) for other in others)]
    for name, text in described[0].items():
        if text and any(other[name] != text for other in described[1:]):
            yield text


def _describe(recipe: Recipe, other: Recipe) -> dict[str, str]:
    """Describe what two rounds with one name may differ in. The words are those that another prompt lacks."""
    return {
        "prompt": _shorten(name_change(other.prompt, recipe.prompt)) if other.prompt != recipe.prompt else "",
        "model": recipe.model_id.rpartition("/")[2],
        "guidance": f"guidance {recipe.guidance_scale:g}",
        "steps": f"{recipe.num_inference_steps} step{'s' if recipe.num_inference_steps != 1 else ''}",
        "scheduler": label_scheduler(recipe.scheduler),
        "size": f"{recipe.width}×{recipe.height}",
        "negative": f"without {_shorten(recipe.negative_prompt)}" if recipe.negative_prompt else "",
        "noise": "" if recipe.generator_device == "cpu" else "noise from the GPU",
    }
