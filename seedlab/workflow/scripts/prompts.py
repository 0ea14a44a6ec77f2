"""The lines of a script that encode prompts: with weights, with seed variety, and for words that join late.

They do what `seedlab.pipelines.sampling.prompts.embeddings`, `variety` and `late_words` do.
"""

from collections.abc import Sequence, Set

from seedlab.core.models.model import Model
from seedlab.core.recipes.prompt_weights import is_weighted, join_parts, read_parts
from seedlab.core.recipes.recipe import Recipe
from seedlab.workflow.scripts.text import quote

CALLBACK = ("callback_on_step_end", "callback_on_step_end_tensor_inputs")
EMBEDDINGS = ("prompt_embeds", "pooled_prompt_embeds")
PROMPT_ARGUMENTS = (*CALLBACK, *EMBEDDINGS, *(f"negative_{name}" for name in EMBEDDINGS))
"""Arguments of the call that stand for prompts."""

VARYING = (
    "def vary(words, strength, seed):  # noise of the seed in the embedding of the words",
    "    noise = torch.randn(words[0].shape, generator=torch.Generator().manual_seed(seed)).to(pipe.device)",
    "    plain = words[0].float()",
    "    return [(plain + strength * plain.std() * noise).to(words[0].dtype), *words[1:]]",
)
PNDM = "PNDMScheduler"
LAYER = "ReturnedEmbeddingsType.PENULTIMATE_HIDDEN_STATES_NON_NORMALIZED"


def write_prompt_imports(recipes: Sequence[Recipe], model: Model | None) -> list[str]:
    """Return the imports of `write_prompt_functions`."""
    if not have_weights(recipes):
        return []
    return [f"from compel import EmbeddingsProvider{', ReturnedEmbeddingsType' if _has_two_encoders(model) else ''}"]


def write_prompt_functions(recipes: Sequence[Recipe], model: Model | None) -> list[str]:
    """Return the functions that these recipes need."""
    are_late, is_encoding = any(recipe.changes_prompt_after for recipe in recipes), encodes_prompts(recipes)
    return [
        *(_write_weighing(model) if have_weights(recipes) else _write_encoding(model) if is_encoding else []),
        *(VARYING if _have_variety(recipes) else []),
        *(_write_join_late({recipe.scheduler for recipe in recipes}, model) if are_late else []),
    ]


def write_prompt(recipe: Recipe) -> str:
    """Return the prompt as a literal: None if embeddings replace it."""
    return "None" if recipe.seed_variety else _write_words(recipe.prompt, recipe) or "None"


def write_prompt_settings(
    recipe: Recipe, model: Model | None, negative_prompt: str, *, weighing: bool
) -> dict[str, str]:
    """Return the arguments of the call that stand for prompts, as literals by name, without the plain prompt.

    Args:
        negative_prompt: "" to leave it out.
        weighing: whether the script's function `encode` reads weights.
    """
    settings = {} if _write_words(recipe.prompt, recipe) else _write_embeddings("", recipe.prompt, recipe, model)
    if recipe.seed_variety:
        settings = _write_varied(recipe, model, weighing=weighing)
    if negative_prompt:
        words = _write_words(negative_prompt, recipe)
        embeddings = _write_embeddings("negative_", negative_prompt, recipe, model)
        settings |= {"negative_prompt": words} if words else embeddings
    if recipe.changes_prompt_after:
        words = _write_encoded(recipe.later_prompt, recipe, weighing=weighing)
        joining = f"join_late({recipe.changes_prompt_after}, {words})"
        settings |= dict(zip(CALLBACK, (joining, str(list(_list_step_embeddings(model)))), strict=True))
    return settings


def have_weights(recipes: Sequence[Recipe]) -> bool:
    """Whether a prompt of these recipes has weights."""
    return any(recipe.has_weights for recipe in recipes)


def encodes_prompts(recipes: Sequence[Recipe]) -> bool:
    """Whether the script encodes prompts of these recipes itself."""
    return have_weights(recipes) or _have_variety(recipes) or any(recipe.changes_prompt_after for recipe in recipes)


def _has_two_encoders(model: Model | None) -> bool:
    return model is not None and len(model.weighted_encoders) > 1


def _is_flux(model: Model | None) -> bool:
    return model is not None and (model.distilled_guidance or model.uses_true_cfg)


def _list_step_embeddings(model: Model | None) -> tuple[str, ...]:
    return EMBEDDINGS[:1] if model is None else model.step_embeddings


def _write_words(prompt: str, recipe: Recipe) -> str:
    """Return the words of a prompt as a literal; "" if it has weights."""
    parts = read_parts(prompt, recipe.prompt_syntax)
    return "" if is_weighted(parts) else quote(join_parts(parts))


def _write_embeddings(prefix: str, prompt: str, recipe: Recipe, model: Model | None) -> dict[str, str]:
    names = EMBEDDINGS if _has_two_encoders(model) else EMBEDDINGS[:1]
    encoded = _write_encoded(prompt, recipe, weighing=True)
    return {f"{prefix}{name}": f"{encoded}[{index}]" for index, name in enumerate(names)}


def _write_varied(recipe: Recipe, model: Model | None, *, weighing: bool) -> dict[str, str]:
    encoded = _write_encoded(recipe.prompt, recipe, weighing=weighing)
    varied = f"vary({encoded}, {recipe.seed_variety}, {recipe.seed})"
    is_pooled = len(_list_step_embeddings(model)) > 1 or _is_flux(model)
    return {EMBEDDINGS[0]: f"{varied}[0]"} | ({EMBEDDINGS[1]: f"{encoded}[1]"} if is_pooled else {})


def _have_variety(recipes: Sequence[Recipe]) -> bool:
    return any(recipe.seed_variety for recipe in recipes)


def _write_encoded(prompt: str, recipe: Recipe, *, weighing: bool) -> str:
    """Return the call of the script's function `encode`.

    Args:
        weighing: whether it reads weights.
    """
    if not weighing:
        return f"encode({_write_words(prompt, recipe)})"
    parts = read_parts(prompt, recipe.prompt_syntax)
    return f"encode({', '.join(f'({quote(text)}, {weight})' for text, weight in parts)})"


def _write_call(model: Model | None) -> str:
    """Return the call that encodes `text`. Stable Diffusion 3 requires all its prompts; Flux has no such guidance."""
    is_3 = "pooled_prompt_embeds" in _list_step_embeddings(model)
    others = ", prompt_2=None, prompt_3=None" if is_3 else ""
    guidance = "" if _is_flux(model) else ", do_classifier_free_guidance=False"
    return f"pipe.encode_prompt(text{others}, device=pipe.device, num_images_per_prompt=1{guidance})"


def _write_encoding(model: Model | None) -> list[str]:
    return [
        "@torch.no_grad()",
        "def encode(text):",
        f"    return [each for each in {_write_call(model)} if each is not None]",
    ]


def _write_weighing(model: Model | None) -> list[str]:
    names = ("text_encoder",) if model is None else model.weighted_encoders
    layer = f", returned_embeddings_type={LAYER}" if _has_two_encoders(model) else ""
    made = (
        f"EmbeddingsProvider(pipe.{each.replace('text_encoder', 'tokenizer')}, pipe.{each}{layer})" for each in names
    )
    call = "each.get_embeddings_for_weighted_prompt_fragments([texts], [weights], device=pipe.device)"
    return [
        "@torch.no_grad()",
        "def encode(*parts):  # pieces of a prompt and their weights",
        f"    encoders = [{', '.join(made)}]",
        "    texts, weights = map(list, zip(*parts))",
        '    text = " ".join(texts)',
        f"    words = [each for each in {_write_call(model)} if each is not None]",
        f"    return [torch.cat([{call} for each in encoders], -1), *words[1:]] if set(weights) != {{1}} else words",
    ]


def _write_join_late(schedulers: Set[str], model: Model | None) -> list[str]:
    # As `seedlab.pipelines.sampling.steps.count_steps`.
    order = "4" if schedulers == {PNDM} else "pipe.scheduler.order"
    if len(schedulers) > 1 and PNDM in schedulers:
        order = f'(4 if type(pipe.scheduler).__name__ == "{PNDM}" else pipe.scheduler.order)'
    most = f"{order} * done"
    further = "len(pipe.scheduler.timesteps) - pipe.scheduler.num_inference_steps"
    names = list(_list_step_embeddings(model))
    pairs = f"for name, word in zip({names}, words) if step + 1 == calls()"
    return [
        "def join_late(done, words):  # the words that are read once so many steps are done",
        f"    calls = lambda: min({most}, {further} + done)",
        f"    return lambda pipe, step, _, tensors: {{name: torch.cat([tensors[name][:-1], word]) {pairs}}}",
    ]
