"""The lines of a script that make its pictures, one stage after the other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.schedulers import find_scheduler
from seedlab.core.recipes.start import InputPicture, Start
from seedlab.workflow.scripts.inputs import name_inputs, write_inputs
from seedlab.workflow.scripts.latents import KEEPING, find_kept, list_ways, write_start
from seedlab.workflow.scripts.names import caption_own, name_pictures
from seedlab.workflow.scripts.noise import NOISE, list_noise, write_noise
from seedlab.workflow.scripts.prompts import encodes_prompts, have_weights, write_prompt, write_prompt_settings
from seedlab.workflow.scripts.text import quote

ONE_BY_ONE = (
    "# One picture a call: a batch sums in another order (https://github.com/huggingface/diffusers/issues/2659)."
)
TILING = "    pipe.vae.use_tiling = tiled  # see its method enable_tiling"


def list_stages(recipes: Sequence[Recipe]) -> list[list[Recipe]]:
    """Return the recipes that lead to pictures, stage by stage, each once: first those that start from noise, or
    from the user's own picture.
    """
    stages: list[dict[Recipe, None]] = []
    for recipe in recipes:
        stages += [{} for _ in recipe.stages[len(stages) :]]
        for number, each in enumerate(recipe.stages):
            stages[number][each] = None
    return list(map(list, stages))


def write_pictures(stages: Sequence[Sequence[Recipe]], model: Model | None, listed: int) -> list[str]:
    """Return the lines that make the pictures of all stages, save them, and print their hashes.

    Args:
        stages: as `list_stages` returns them.
        model: as for `seedlab.workflow.scripts.script.write_script`.
        listed: up to so many pictures of a stage, each has its own line.
    """
    every = [recipe for stage in stages for recipe in stage]
    inputs = name_inputs(stages[0])
    varies_loras = len({recipe.loras for recipe in every}) > 1
    whole = _Script(
        model,
        listed,
        weighing=have_weights(every),
        varies_loras=varies_loras,
        encodes_late=varies_loras and encodes_prompts(every),
        tiles=any(recipe.vae_tiling for recipe in every),
        inputs=inputs,
        kept=find_kept(every),
        names={},
    )
    # Before a picture's own scheduler is set, which the new pipeline might warn of.
    again = ["again = AutoPipelineForImage2Image.from_pipe(pipe)", "made = {}"]
    lines = [*again, *write_inputs(inputs)] if inputs or len(stages) > 1 else []
    lines += KEEPING if whole.kept else ()
    for number, recipes in enumerate(stages):
        lines += _write_stage(recipes, number, whole, is_last=number == len(stages) - 1)
    return lines


@dataclass(frozen=True)
class _Script:
    """What the stages of a script share.

    Attributes:
        model, listed: as for `write_pictures`.
        weighing: whether a prompt has weights.
        varies_loras: whether the weights of LoRAs differ.
        encodes_late: whether prompts are encoded in the loop: LoRAs with other weights give other embeddings.
        tiles: whether a picture is decoded in tiles.
        inputs: the names of the users' own pictures.
        kept: the pictures of which the latents are needed.
        names: of the pictures so far; each stage adds its own.
    """

    model: Model | None
    listed: int
    weighing: bool
    varies_loras: bool
    encodes_late: bool
    tiles: bool
    inputs: Mapping[InputPicture, str]
    kept: frozenset[Recipe]
    names: dict[Recipe, str]


def _list_settings(recipe: Recipe, model: Model | None, *, weighing: bool) -> dict[str, str]:
    """Return the arguments of the call as literals, like `seedlab.pipelines.sampling.arguments.make_arguments`."""
    settings = {"num_inference_steps": str(recipe.num_inference_steps)}
    if model is not None and model.unconditional:
        return settings
    true = model is not None and model.uses_true_cfg
    negative = recipe.negative_prompt or (" " if true and recipe.guidance_scale > 1 else "")
    settings["true_cfg_scale" if true else "guidance_scale"] = str(recipe.guidance_scale)
    if recipe.start is None:
        settings |= {"height": str(recipe.height), "width": str(recipe.width)}
    else:
        sizes = () if model is None or model.image_to_image is None else model.image_to_image
        settings |= {"strength": str(recipe.start.strength)} | {name: str(getattr(recipe, name)) for name in sizes}
    settings |= {"clean_caption": "False"} if model is not None and model.cleans_prompts else {}
    return settings | write_prompt_settings(recipe, model, negative, weighing=weighing)


def _write_dict(settings: Mapping[str, str], script: _Script | None = None) -> str:
    """Write arguments as a dict, or as a function that returns it where the script `encodes_late`."""
    late = "lambda: " if script is not None and script.encodes_late else ""
    return f"{late}dict({', '.join(f'{name}={value}' for name, value in settings.items())})"


def _write_stage(recipes: Sequence[Recipe], number: int, script: _Script, *, is_last: bool) -> list[str]:
    """Write the pictures of one stage.

    Args:
        number: of stages before.
    """
    recipe = recipes[0]
    settings = {each: _list_settings(each, script.model, weighing=script.weighing) for each in recipes}
    shared = {name: value for name, value in settings[recipe].items() if _is_shared(name, settings.values())}
    # Of each picture, by the names of the loop's variables: what it does not share with the others.
    differ = any(name not in shared for each in settings.values() for name in each)
    own = {each: _list_own(each, recipes, settings[each], shared if differ else None, script) for each in recipes}
    varying = {each: {name: settings[each][name] for name in settings[each] if name not in shared} for each in recipes}
    names = name_pictures(recipes, {each: caption_own(each, own[each], varying[each]) for each in recipes})
    # A picture may have the seed and the words of the one that it starts from.
    script.names.update({each: f"{name}-stage-{number + 1}" if number else name for each, name in names.items()})
    noise = NOISE & own[recipe].keys()
    has_comment = number == 0 and not noise
    return [
        *write_noise(recipe.generator_device, noise),
        *_write_list(recipes, own, script),
        f"settings = {_write_dict(shared, script)}",
        *([ONE_BY_ONE] if has_comment else []),
        f"for {', '.join(('name', 'seed', 'prompt', *own[recipe]))} in pictures:",
        *_write_call(recipes, own[recipe], script),
        *([] if is_last else ["    made[name] = image"]),
        # The prefix keeps it from replacing SeedLab's own picture, which has its recipe inside.
        '    image.save(f"plain-{name}.png")',
        # In ASCII, so that no console fails to print a name.
        '    print(ascii(name), hashlib.sha256(image.convert("RGB").tobytes()).hexdigest())',
    ]


def _write_call(recipes: Sequence[Recipe], own: Mapping[str, str], script: _Script) -> list[str]:
    """Write the call that makes a picture of a stage, and what it needs."""
    recipe = recipes[0]
    pipe = "pipe" if recipe.start is None else "again"
    prompt = "" if script.model is not None and script.model.unconditional else "prompt, "
    start = "" if recipe.start is None else "image=image, "
    generator = f'generator=torch.Generator("{recipe.generator_device}").manual_seed(seed)'
    call = "()" if script.encodes_late else ""
    settings = f"**settings{call}{f', **own{call}' if 'own' in own else ''}"
    settings = settings if script.kept.isdisjoint(recipes) else f"**follow(name, {settings})"
    return [
        f"    {pipe}.scheduler = {_write_scheduler(recipe, own)}",
        *(_write_weights() if "weights" in own else []),
        *([TILING] if "tiled" in own else []),
        *write_start(recipes),
        f"    image = {pipe}({prompt}{start}{generator}, {settings}).images[0]",
    ]


def _list_own(
    recipe: Recipe,
    recipes: Sequence[Recipe],
    settings: Mapping[str, str],
    shared: Mapping[str, str] | None,
    script: _Script,
) -> dict[str, str]:
    own = list_noise(recipe, recipes)
    if recipe.start is not None:
        own["start"] = quote(_name_start(recipe.start, script))
        own["size"] = f"({recipe.width}, {recipe.height})"
        own |= list_ways(recipe, recipes)
    if script.tiles:
        own["tiled"] = str(recipe.vae_tiling)
    if shared is not None:
        own["own"] = _write_dict({name: value for name, value in settings.items() if name not in shared}, script)
    if len({each.scheduler for each in recipes}) > 1:
        scheduler = find_scheduler(recipe.scheduler)
        own["scheduler"] = scheduler.class_name
        own["flags"] = _write_dict({name: repr(value) for name, value in scheduler.settings.items()})
    if script.varies_loras:
        own["weights"] = str([lora.weight for lora in recipe.loras])
    return own


def _name_start(start: Start, script: _Script) -> str:
    if start.picture is not None:
        return script.inputs[start.picture]
    assert start.recipe is not None  # for mypy: there is one or the other
    return script.names[start.recipe]


def _write_scheduler(recipe: Recipe, own: Mapping[str, str]) -> str:
    """Write what makes the scheduler, like `seedlab.pipelines.sampling.arguments.make_scheduler`."""
    if "scheduler" in own:
        return "scheduler.from_config(config, **flags)"
    scheduler = find_scheduler(recipe.scheduler)
    flags = "".join(f", {name}={value!r}" for name, value in scheduler.settings.items())
    return f"{scheduler.class_name}.from_config(config{flags})"


def _write_weights() -> list[str]:
    return ['    pipe.set_adapters([f"lora_{number}" for number in range(len(loras))], weights)']


def _is_shared(name: str, settings: Iterable[Mapping[str, str]]) -> bool:
    return len({each.get(name) for each in settings}) == 1


def _write_list(recipes: Sequence[Recipe], own: Mapping[Recipe, Mapping[str, str]], script: _Script) -> list[str]:
    if not own[recipes[0]] and len(set(map(write_prompt, recipes))) == 1:
        seeds = ", ".join(str(recipe.seed) for recipe in recipes)
        return [f'pictures = [(f"seed-{{seed}}", seed, {write_prompt(recipes[0])}) for seed in [{seeds}]]']
    tuples = [
        f"({', '.join((quote(script.names[each]), str(each.seed), write_prompt(each), *own[each].values()))})"
        for each in recipes
    ]
    if len(tuples) > script.listed or not NOISE.isdisjoint(own[recipes[0]]):
        return [f"pictures = [{', '.join(tuples)}]"]
    return ["pictures = [", *(f"    {each}," for each in tuples), "]"]
