"""The store: what was made once is found again, whole and true, or made again."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.picture import Picture
from seedlab.core.recipes.recipe import Recipe
from seedlab.images.metadata import read_metadata
from seedlab.images.png import read_chunks, read_pixels, write_png
from seedlab.images.store import Store
from tests.examples import ENVIRONMENT, RECIPE, make_finished, make_lineage

IMAGE = Image.effect_noise((128, 128), 50).convert("RGB")
LINEAGE = make_lineage(RECIPE, " in the style of Vermeer")


def keep(
    store: Store, recipe: Recipe = RECIPE, environment: Environment = ENVIRONMENT, image: Image.Image = IMAGE
) -> Picture:
    return store.keep(recipe, make_finished(image, environment, "Look here."), LINEAGE)


def test_a_picture_that_was_kept_is_found(tmp_path):
    store = Store(tmp_path)
    assert store.find(RECIPE, ENVIRONMENT) is None
    kept = keep(store)
    assert store.find(RECIPE, ENVIRONMENT) == kept == Picture(kept.file, "Look here.")
    assert read_pixels(kept.file).tobytes() == IMAGE.tobytes()
    assert read_metadata(kept.file).lineage == LINEAGE


def test_the_folder_is_made_with_the_first_picture_and_not_before(tmp_path):
    store = Store(tmp_path / "new" / "pictures")
    assert store.find(RECIPE, ENVIRONMENT) is None
    assert not (tmp_path / "new").exists()
    keep(store)
    assert [file.name for file in store.folder.iterdir()] == [
        f"{RECIPE.fingerprint}-{ENVIRONMENT.digest[:16]}.png",
    ]


def test_what_was_made_in_another_environment_is_another_picture(tmp_path):
    store, other = Store(tmp_path), replace(ENVIRONMENT, threads=8)
    kept = keep(store)
    assert store.find(RECIPE, other) is None
    assert keep(store, environment=other).file != kept.file


def test_another_seed_is_another_picture(tmp_path):
    keep(Store(tmp_path))
    assert Store(tmp_path).find(replace(RECIPE, seed=1), ENVIRONMENT) is None


def keep_draft(store: Store, steps: int) -> Picture:
    return store.keep(RECIPE, replace(make_finished(IMAGE), draft_steps=steps), LINEAGE)


@pytest.mark.parametrize("embed", [True, False])
def test_a_draft_is_never_taken_for_the_picture(tmp_path, embed):
    store = Store(tmp_path, embed=embed)
    draft = keep_draft(store, 3)
    assert draft.draft_steps == 3
    assert store.find(RECIPE, ENVIRONMENT) is None
    assert store.find(RECIPE, ENVIRONMENT, 4) is None
    assert store.find(RECIPE, ENVIRONMENT, 3) == draft
    kept = keep(store)
    assert store.find(RECIPE, ENVIRONMENT).file == kept.file
    assert store.find(RECIPE, ENVIRONMENT, 3) == draft


def test_a_draft_that_was_renamed_is_not_found(tmp_path):
    store = Store(tmp_path)
    draft, whole = keep_draft(store, 3), keep(store)
    draft.file.replace(whole.file)
    assert store.find(RECIPE, ENVIRONMENT) is None
    keep(store).file.replace(draft.file)
    assert store.find(RECIPE, ENVIRONMENT, 3) is None


def test_drafts_count_towards_the_limit(tmp_path):
    size = keep_draft(Store(tmp_path), 3).file.stat().st_size
    store = Store(tmp_path, limit_bytes=size + size // 2)
    keep(store, replace(RECIPE, seed=1))
    assert store.find(RECIPE, ENVIRONMENT, 3) is None
    keep_draft(store, 1000)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_damaged_picture_is_not_found_and_is_written_anew(tmp_path):
    store = Store(tmp_path)
    kept = keep(store)
    whole = kept.file.read_bytes()
    kept.file.write_bytes(whole[:-200])
    assert store.find(RECIPE, ENVIRONMENT) is None
    keep(store)
    assert kept.file.read_bytes() == whole


def test_a_picture_that_is_not_what_its_name_says_is_not_found(tmp_path):
    store = Store(tmp_path)
    kept, other = keep(store), keep(store, replace(RECIPE, seed=1))
    other.file.replace(kept.file)
    assert store.find(RECIPE, ENVIRONMENT) is None
    write_png(kept.file, IMAGE, {})
    assert store.find(RECIPE, ENVIRONMENT) is None


def test_without_embedding_a_picture_says_nothing_and_is_found_by_its_name(tmp_path):
    store = Store(tmp_path, embed=False)
    kept = keep(store)
    assert read_chunks(kept.file) == {}
    assert store.find(RECIPE, ENVIRONMENT) == Picture(kept.file, "")
    kept.file.write_bytes(kept.file.read_bytes()[:-200])
    assert store.find(RECIPE, ENVIRONMENT) is None


def test_once_embedding_is_off_a_picture_that_says_what_made_it_is_not_shown(tmp_path):
    keep(Store(tmp_path))
    assert Store(tmp_path, embed=False).find(RECIPE, ENVIRONMENT) is None


def test_a_folder_that_is_a_file_is_said_in_words(tmp_path):
    (tmp_path / "pictures").touch()
    store = Store(tmp_path / "pictures")
    assert store.find(RECIPE, ENVIRONMENT) is None
    with pytest.raises(SeedLabError, match="“pictures” is not a folder"):
        keep(store)


def test_the_least_recently_used_goes_first_and_foreign_files_stay(tmp_path):
    (tmp_path / "holiday.png").write_bytes(b"x" * 1_000_000)
    size = keep(Store(tmp_path)).file.stat().st_size
    store = Store(tmp_path, limit_bytes=3 * size + size // 2)
    recipes = [replace(RECIPE, seed=seed) for seed in range(5)]
    for age, recipe in zip((300, 200, 100), recipes, strict=False):
        file = keep(store, recipe).file
        os.utime(file, (time.time() - age, time.time() - age))
    store.find(recipes[0], ENVIRONMENT)
    keep(store, recipes[3])
    assert [store.find(recipe, ENVIRONMENT) is not None for recipe in recipes] == [True, False, True, True, False]
    assert (tmp_path / "holiday.png").exists()


def test_a_picture_larger_than_the_limit_is_kept_until_the_next(tmp_path):
    store = Store(tmp_path, limit_bytes=1)
    keep(store)
    assert store.find(RECIPE, ENVIRONMENT) is not None
    keep(store, replace(RECIPE, seed=1))
    assert store.find(RECIPE, ENVIRONMENT) is None
    assert store.find(replace(RECIPE, seed=1), ENVIRONMENT) is not None


def test_what_a_killed_process_left_half_written_is_swept_up(tmp_path):
    abandoned, fresh, foreign = (
        tmp_path / name for name in (f".seedlab-{'0' * 32}.tmp", f".seedlab-{'1' * 32}.tmp", "x.tmp")
    )
    for file in (abandoned, fresh, foreign):
        file.touch()
    for file in (abandoned, foreign):
        os.utime(file, (0, 0))
    keep(Store(tmp_path, limit_bytes=10**6))
    assert (abandoned.exists(), fresh.exists(), foreign.exists()) == (False, True, True)


WRITER = """
import sys
from pathlib import Path
from PIL import Image
from seedlab.images.store import Store
from tests.examples import ENVIRONMENT, RECIPE, make_finished, make_lineage
store = Store(Path(sys.argv[1]), limit_bytes=1)
for n in range(60):
    store.keep(RECIPE, make_finished(Image.new("RGB", (128, 128), (n, 0, 0))), ())
    assert store.find(RECIPE, ENVIRONMENT) is not None
"""


def test_two_processes_may_write_the_same_picture_at_once(tmp_path):
    root = Path(__file__).parents[2]
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], cwd=root) for _ in range(2)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("is_large", [True, False])
def test_the_least_recently_used_goes_whatever_its_size(tmp_path, is_large):
    large, small = IMAGE, Image.new("RGB", (128, 128))
    old, new = (large, small) if is_large else (small, large)
    recipes = [replace(RECIPE, seed=seed) for seed in range(3)]
    store, files = Store(tmp_path), []
    for age, image, recipe in zip((200, 100), (old, new), recipes, strict=False):
        files.append(keep(store, recipe, image=image).file)
        os.utime(files[-1], (time.time() - age, time.time() - age))
    used = sum(file.stat().st_size for file in files) + 100  # sizes of equal pictures differ by a few bytes
    last = keep(Store(tmp_path, limit_bytes=used), recipes[2], image=small).file
    assert [file.exists() for file in (*files, last)] == [False, True, True]
