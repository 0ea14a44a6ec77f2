"""A whole exploration on the command line: a sheet of drafts, some finished, one varied again and again, restored."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import StringIO
from pathlib import Path

import pytest
from PIL import Image

from seedlab.cli.main import main
from seedlab.images.metadata import read_metadata
from seedlab.images.png import read_pixels
from tests.pipelines.builders import build_stable_diffusion
from tests.processes import run_python

PROMPT = "a red boat in the style of Hokusai"
Run = Callable[..., str]
"""Runs a command, and returns what it prints."""


def run_here(*arguments: object) -> str:
    """Run a command with a manager of its own, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", printed := StringIO())
        assert main([*map(str, arguments)]) == 0
    return printed.getvalue()


def run_process(*arguments: object) -> str:
    done = run_python("-m", "seedlab", *map(str, arguments))
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def empty_cache(folder: Path) -> Iterator[None]:
    """Forget paused runs, known models and everything else that this user's SeedLab keeps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEEDLAB_CACHE", str(folder))
        yield


def hash_file(file: Path) -> str:
    return sha256(read_pixels(file).tobytes()).hexdigest()


def test_from_drafts_to_a_picture_whose_script_gives_its_bytes(tmp_path: Path) -> None:
    tiny = build_stable_diffusion(tmp_path / "models")
    explore(run_here, tmp_path, 4, ("--model", tiny), ("--steps", 4, "--draft", 2))


@pytest.mark.slow
def test_from_64_drafts_of_sketch_with_every_command_in_a_new_process(tmp_path: Path) -> None:
    explore(run_process, tmp_path, 64, (), ("--draft",))


def explore(run: Run, folder: Path, count: int, model: tuple[object, ...], settings: tuple[object, ...]) -> None:
    """Make `count` drafts, finish three, nudge one twice, sweep its guidance, and restore the last picture."""

    def make(*arguments: object) -> list[Path]:
        return [Path(each["file"]) for each in json.loads(run(*arguments, "--json"))["pictures"]]

    with empty_cache(folder / "cache"):
        drafts = make("grid", PROMPT, *model, "--seeds", f"0-{count - 1}", *settings, "--out", folder / "sheet")
        assert len({hash_file(draft) for draft in drafts}) == count
        chosen = (1, count // 2, count - 1)
        finished = make("finish", *(drafts[seed] for seed in chosen))
        assert tuple(read_metadata(file).recipe.seed for file in finished) == chosen
        (nudged,) = make("refine", finished[1], "--nudge", "subtle", "--toward", "7")
        (twice,) = make("refine", nudged, "--nudge", "0.2", "--toward", "42")
        (last,) = make("refine", twice, "--sweep", "guidance 4")
    metadata = read_metadata(last)
    assert [(each.seed, each.weight) for each in metadata.recipe.nudges] == [(7, 0.1), (42, 0.2)]
    assert metadata.recipe.guidance_scale == 4
    assert [change.rule for change in metadata.lineage] == ["nudge", "nudge", "sweep"]
    restore(run, last, folder / "elsewhere", model)


def restore(run: Run, picture: Path, folder: Path, model: tuple[object, ...]) -> None:
    """Verify a picture and run its script, with nothing but its file."""
    folder.mkdir()
    file = picture.rename(folder / "restored.png")
    with empty_cache(folder / "cache"):
        assert "Equal, byte for byte" in run("verify", file, *model)
        run("script", file, *model, "--out", folder / "script.py")
    done = run_python("script.py", cwd=folder)
    assert done.returncode == 0, done.stderr
    (made,) = set(folder.glob("*.png")) - {file}
    assert Image.open(made).tobytes() == read_pixels(file).tobytes()
