"""The whole job with each kind of model, wired as the page is: grid, lock, suffixes, PNG, restore, verify, script."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Event

import pytest

from seedlab.application import Application
from seedlab.core.recipes.recipe import Recipe
from seedlab.images.compare import hash_pixels
from seedlab.images.png import read_pixels
from seedlab.images.restoring import Restored, restore
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES, Suffixes
from seedlab.settings import Settings
from seedlab.workflow.page_services import PageServices
from seedlab.workflow.pictures.local_files import Places
from seedlab.workflow.sessions.session import Session
from seedlab.workflow.trails.trail import Round, State
from seedlab.workflow.verification import VerificationResult
from tests.pipelines import builders
from tests.pipelines.builders.recipes import PROMPT
from tests.processes import run_python


def build_checkpoint(folder: Path) -> Path:
    """Save a checkpoint in one file, and beside it the configurations that it is read with."""
    source = builders.build_stable_diffusion(folder / "source")
    shutil.copytree(source, folder / "dreamy", ignore=shutil.ignore_patterns("*.safetensors"))
    return builders.build_single_file(source, folder / "dreamy.safetensors")


BUILDERS: dict[str, Callable[[Path], Path]] = {
    "stable diffusion": builders.build_stable_diffusion,
    "xl": builders.build_stable_diffusion_xl,
    "sd3": builders.build_stable_diffusion_3,
    "flux": builders.build_flux,
    "pixart": builders.build_pixart,
    "qwen": builders.build_qwen_image,
    "ddim": builders.build_ddim,
    "ddpm": builders.build_ddpm,
    "checkpoint": build_checkpoint,
    "lora": builders.build_stable_diffusion,
}

TESTED_ELSEWHERE = ("xl", "pixart", "checkpoint", "ddpm")
EVERY = [pytest.param(name, marks=pytest.mark.slow if name in TESTED_ELSEWHERE else ()) for name in BUILDERS]

RUN = """
import json, sys
scripts = json.load(sys.stdin)
for script in scripts:
    exec(compile(script, "script.py", "exec"), {})
"""


@dataclass(frozen=True)
class Job:
    """What was done with a model.

    Attributes:
        seeds, suffixes: the rounds; no suffixes for a model that takes no words.
        chosen: the recipe of the last picture that was chosen.
        file: its PNG.
    """

    services: PageServices
    seeds: Round
    suffixes: Round | None
    chosen: Recipe
    file: Path


@pytest.fixture(scope="module")
def do_job(shared_manager, tmp_path_factory) -> Callable[[str], Job]:
    @cache
    def do_job(name: str) -> Job:
        folder = tmp_path_factory.mktemp("job")
        services = Application(Settings(store=folder / "store", device="cpu"), shared_manager).page_services
        session = services.make_session(None, "visitor", "")
        recipe = make_recipe(services, name, folder)
        seeds = develop(session, session.explore(recipe, Seeds(tuple(range(4)))).newest.id)
        if not recipe.prompt:
            return Job(services, seeds, None, seeds.tiles[2].recipe, seeds.tiles[2].file)
        suffixes = develop(session, session.lock(seeds.id, 2, Suffixes(GUIDE_SUFFIXES)).newest.id)
        return Job(services, seeds, suffixes, suffixes.tiles[1].recipe, suffixes.tiles[1].file)

    return do_job


def make_recipe(services: PageServices, name: str, folder: Path) -> Recipe:
    model = services.resolve_model(services.find_model(str(BUILDERS[name](folder / "models"))))
    changes = {"num_inference_steps": 2}
    if name == "lora":
        file = builders.build_lora(Path(model.model_id), folder / "style.safetensors")
        changes["loras"] = services.read_loras(f"{file} 0.8")
    if model.unconditional:
        return model.make_recipe(prompt="", seed=0, **changes)
    return model.make_recipe(prompt=PROMPT, seed=0, height=64, width=64, **changes)


def develop(session: Session, round_id: int) -> Round:
    for _ in session.develop():
        pass
    round_ = session.trail.round(round_id)
    assert [(tile.state, tile.sentence) for tile in round_.tiles] == [(State.DONE, "")] * 4
    return round_


@pytest.mark.parametrize("name", EVERY)
def test_a_grid_and_the_variations_of_a_locked_seed(do_job, name):
    job = do_job(name)
    assert [tile.recipe.seed for tile in job.seeds.tiles] == [0, 1, 2, 3]
    assert len({tile.file for tile in job.seeds.tiles}) == 4
    if job.suffixes is not None:
        locked = job.seeds.tiles[2].recipe
        assert [tile.recipe.prompt for tile in job.suffixes.tiles] == [locked.prompt + each for each in GUIDE_SUFFIXES]
        assert {tile.recipe.seed for tile in job.suffixes.tiles} == {2}


@pytest.mark.parametrize("name", EVERY)
def test_its_png_brings_it_back_and_is_verified(do_job, name):
    job = do_job(name)
    found = restore(job.file)
    assert found.metadata.is_of(job.chosen)
    located = job.services.locate(found.metadata, Places(model_advice="", lora_advice=""))
    assert located.recipe == job.chosen
    assert Restored(metadata=located).recipes[0] == job.seeds.tiles[2].recipe
    *_, verdict = job.services.verify(job.chosen, job.file, Event(), "visitor")
    assert isinstance(verdict, VerificationResult)
    assert (verdict.is_equal, verdict.l_infinity, verdict.latents) == (True, 0, True)


@pytest.mark.parametrize(
    "names",
    [
        pytest.param([name for name in BUILDERS if name not in TESTED_ELSEWHERE], id="some"),
        pytest.param(TESTED_ELSEWHERE, id="the others", marks=pytest.mark.slow),
    ],
)
def test_their_scripts_give_the_same_bytes(do_job, tmp_path, names):
    """All in one process; each script sets all that it needs."""
    jobs = [do_job(name) for name in names]
    scripts = json.dumps([job.services.write_script([job.chosen]) for job in jobs])
    done = run_python("-c", RUN, cwd=tmp_path, text=scripts)
    assert done.returncode == 0, done.stderr
    expected = [hash_pixels(read_pixels(job.file)) for job in jobs]
    assert [line.split()[1] for line in done.stdout.splitlines()] == expected
