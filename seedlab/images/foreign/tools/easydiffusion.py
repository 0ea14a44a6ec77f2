"""Easy Diffusion: one PNG chunk per setting, or one JSON object in a JPEG's or WebP's user comment.

Version 2.5 named them as its API does, later ones as its page (ui/easydiffusion/utils/save_utils.py).
"""

from collections.abc import Mapping

from seedlab.images.foreign.details import Details, Keys, read_details
from seedlab.images.foreign.metadata import ForeignLora, ForeignMetadata
from seedlab.images.foreign.networks import pair_loras, take_loras, take_networks
from seedlab.images.foreign.values import list_objects, strip_ending

OLD = Keys(
    steps=("num_inference_steps",),
    guidance=("guidance_scale",),
    sampler=("sampler_name",),
    schedule=("scheduler_name",),
    model=("use_stable_diffusion_model",),
    neutral={"clip_skip": ("False", "false")},
)
NEW = Keys(
    prompt=("Prompt",),
    negative_prompt=("Negative Prompt",),
    seed=("Seed",),
    steps=("Steps",),
    guidance=("Guidance Scale",),
    width=("Width",),
    height=("Height",),
    sampler=("Sampler",),
    schedule=("Scheduler",),
    model=("Stable Diffusion model",),
    neutral={"Clip Skip": ("False", "false")},
)
SETTINGS = (
    *("prompt_strength", "Prompt Strength", "clip_skip", "Clip Skip", "use_vae_model", "VAE model"),
    *("use_hypernetwork_model", "Hypernetwork model", "hypernetwork_strength", "Hypernetwork Strength"),
    *("use_upscale", "Use Upscaling", "upscale_amount", "Upscale By", "tiling", "Seamless Tiling"),
    *("use_face_correction", "Use Face Correction", "use_embeddings_model", "Embedding models"),
    *("use_controlnet_model", "ControlNet model", "control_filter_to_apply", "ControlNet Filter"),
)
"""The other settings, by their old and new names. Chunks of other names belong to other programs."""

LORA_KEYS = (("use_lora_model", "lora_alpha"), ("LoRA model", "LoRA Strength"), ("LoRA", "LoRA Strength"))


def read(texts: Mapping[str, str]) -> ForeignMetadata | None:
    """Read Easy Diffusion's settings; None if there are none."""
    for values in (texts, *list_objects(texts)):
        for keys in (OLD, NEW):
            if keys.prompt[0] in values and keys.model[0] in values and keys.guidance[0] in values:
                return _read(values, keys)
    return None


def _read(values: Mapping[str, object], keys: Keys) -> ForeignMetadata:
    names = {*SETTINGS, *(name for pair in LORA_KEYS for name in pair)}
    for group in vars(keys).values():
        names |= set(group or ())
    chosen = {name: value for name, value in values.items() if name in names}
    model = chosen[keys.model[0]]
    chosen[keys.model[0]] = strip_ending(model) if isinstance(model, str) else model
    details = Details(chosen, keys)
    loras = _take_loras(details, chosen)
    return take_networks(read_details("Easy Diffusion", details, keys, loras=loras))


def _take_loras(details: Details, values: Mapping[str, object]) -> tuple[ForeignLora, ...]:
    """Take one LoRA, or lists of several and of their weights."""
    key = next(((name, weight) for name, weight in LORA_KEYS if values.get(name) not in (None, "", "None")), None)
    if key is None:
        return ()
    pairs = pair_loras(details.pop(key[0]), details.pop(key[1]))
    return take_loras(details, ((name, weight, "") for name, weight in pairs))
