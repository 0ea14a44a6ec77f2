"""SeedLab in the browser: settings -> manager -> page -> launch."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seedlab.cli.settings import Settings, read_settings
from seedlab.core.errors import SeedLabError
from seedlab.core.recipe import Recipe
from seedlab.images.store import Store
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.models.catalog import CATALOG, SKETCH, describe
from seedlab.sketch import vocabulary
from seedlab.sketch.phrases import add_phrase
from seedlab.workflow.script import write_script
from seedlab.workflow.session import Session
from seedlab.workflow.verification import read_original, verify

if TYPE_CHECKING:
    from seedlab.ui.studio import Studio


def main() -> None:
    """Serve the page until the process is ended; torch is imported and the model loaded once it is up."""
    try:
        serve(read_settings(sys.argv[1:]))
    except (SeedLabError, OSError) as error:
        sys.exit(f"SeedLab cannot start: {error}")
    # A download may be under way in the pipelines' thread, and the interpreter would wait for its end.
    sys.stdout.flush()
    os._exit(0)


def serve(settings: Settings) -> None:
    """Serve the page with these settings.

    Raises:
        SeedLabError: the default model is none.
        OSError: the port is taken.
    """
    # Read by gradio and huggingface_hub as they are imported: what visitors do is nobody's business.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from seedlab.ui.layout import build_blocks, launch_options

    manager = make_manager(settings)
    blocks = build_blocks(make_studio(settings, manager))
    blocks.launch(
        server_name=settings.host,
        server_port=settings.port,
        share=settings.share,
        inbrowser=settings.open_browser,
        prevent_thread_lock=True,
        **launch_options(),
    )
    manager.warm_up(describe(settings.model).address)
    try:
        blocks.block_thread()
    finally:
        manager.close()


def make_manager(settings: Settings) -> PipelineManager:
    """Make the one pipeline manager of this process."""
    return PipelineManager(
        settings.device,
        allowed=tuple(list_models(settings)) if settings.public else None,
        deterministic=settings.deterministic,
    )


def list_models(settings: Settings) -> dict[str, str]:
    """Return the models to choose from: what each is asked for by, and its name.

    On a public host these are Sketch and the operator's own choice: a stranger must not fill its memory.

    Raises:
        SeedLabError: the default model is none.
    """
    models = {model.model_id: model.name for model in CATALOG if not settings.public or model.model_id == SKETCH}
    chosen = describe(settings.model)
    return models | {chosen.address: chosen.name}


def make_studio(settings: Settings, manager: PipelineManager) -> "Studio":
    """Join the manager, the store and the models to what the page needs."""
    from seedlab.ui.studio import Studio

    def write(recipes: Sequence[Recipe]) -> str:
        model = manager.describe(recipes[0].model_address)
        return write_script(recipes, manager.environment(recipes[0]), model)

    store = Store(settings.store, settings.store_bytes, embed=settings.embed)
    return Studio(
        make_session=lambda trail: Session(
            manager.generate, lambda recipe: store.find(recipe, manager.environment(recipe)), store.keep, trail
        ),
        describe=manager.look_up,
        settle=manager.settle,
        check=manager.check,
        read_loras=manager.read_loras,
        observe=manager.environment,
        verify=lambda recipe, file, stop: verify(read_original(file, recipe), manager.generate, stop),
        write_script=write,
        default_model=describe(settings.model).address,
        models=tuple((name, model_id) for model_id, name in list_models(settings).items()),
        local=not settings.public,
        examples=vocabulary.EXAMPLES,
        unknown_words=lambda model_id, prompt: vocabulary.unknown_words(prompt) if model_id == SKETCH else (),
        list_words=lambda model_id: vocabulary.KINDS if model_id == SKETCH else {},
        add_phrase=add_phrase,
    )


if __name__ == "__main__":
    main()
