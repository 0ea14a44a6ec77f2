"""The output folder: a folder of its user's, in which nothing of theirs is overwritten."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from seedlab import __version__
from seedlab.core.errors import SeedLabError
from seedlab.core.picture import Picture
from seedlab.images.metadata import read_metadata
from seedlab.images.output_folder import OutputFolder, check_folder, check_room, name_grid, name_variations, write_grid
from seedlab.images.png import encode_png, read_chunks, write_png
from tests.examples import ENVIRONMENT, RECIPE, make_finished, make_lineage

IMAGE = Image.effect_noise((128, 128), 50).convert("RGB")
LINEAGE = make_lineage(RECIPE, " in the style of Vermeer")


def make_folder(folder: Path, environment=ENVIRONMENT, **options) -> OutputFolder:
    return OutputFolder({RECIPE: folder / "seed-0.png"}, lambda _: environment, **{"given": {}, **options})


def keep(folder: OutputFolder) -> Picture:
    return folder.keep(RECIPE, make_finished(IMAGE, notice="Look here."), LINEAGE)


def test_a_picture_is_kept_under_its_name_and_found_there(tmp_path):
    folder = make_folder(tmp_path)
    assert folder.find(RECIPE) is None
    assert keep(folder) == folder.find(RECIPE) == Picture(tmp_path / "seed-0.png", "Look here.")
    assert folder.found == (tmp_path / "seed-0.png",)


def test_a_picture_that_is_encoded_already_has_the_same_bytes_and_is_not_encoded_again(tmp_path, monkeypatch):
    file = keep(make_folder(tmp_path)).file
    plain = file.read_bytes()
    encoded = replace(make_finished(IMAGE, notice="Look here."), png=encode_png(IMAGE))
    monkeypatch.setattr("seedlab.images.png.encode_png", None)
    make_folder(tmp_path).keep(RECIPE, encoded, LINEAGE)
    assert file.read_bytes() == plain


def test_a_picture_carries_all_the_suffixes_that_led_to_it(tmp_path):
    before = make_lineage(replace(RECIPE, prompt="a dog, Labrador"), ", Labrador")
    keep(make_folder(tmp_path, lineage=before))
    assert read_metadata(tmp_path / "seed-0.png").lineage == (*before, *LINEAGE)


def test_a_picture_from_another_environment_is_not_what_would_be_made(tmp_path):
    keep(make_folder(tmp_path))
    assert make_folder(tmp_path, replace(ENVIRONMENT, threads=8)).find(RECIPE) is None


def test_a_picture_is_made_anew_if_that_is_asked_for(tmp_path):
    keep(make_folder(tmp_path))
    assert make_folder(tmp_path, overwrite=True).find(RECIPE) is None


def test_a_given_picture_is_taken_as_it_is(tmp_path):
    parent = replace(RECIPE, prompt="Labrador")
    folder = make_folder(tmp_path, given={parent: tmp_path / "given.png"})
    assert (folder.find(parent), folder.found) == (Picture(tmp_path / "given.png"), ())


def test_a_variation_that_repeats_the_given_picture_gets_a_file_of_its_own(tmp_path):
    folder = make_folder(tmp_path, given={RECIPE: tmp_path / "given.png"})
    assert folder.find(RECIPE) is None


def test_the_same_recipe_and_a_grid_of_ours_are_not_in_the_way(tmp_path):
    files, grid = {RECIPE: tmp_path / "seed-0.png"}, tmp_path / "grid.png"
    check_room(files, grid)
    keep(make_folder(tmp_path))
    write_grid(grid, IMAGE)
    check_room(files, grid)
    assert read_chunks(grid) == {"Software": f"SeedLab v{__version__}"}


@pytest.mark.parametrize("name", ["seed-0.png", "grid.png"])
def test_a_file_of_somebody_elses_is_in_the_way(tmp_path, name):
    files, grid = {RECIPE: tmp_path / "seed-0.png"}, tmp_path / "grid.png"
    for write in (
        lambda file: file.write_text("my notes"),
        lambda file: write_png(file, IMAGE, {}),
        lambda file: file.symlink_to("nowhere"),
        lambda file: file.mkdir(),
    ):
        (tmp_path / name).unlink(missing_ok=True)
        write(tmp_path / name)
        with pytest.raises(SeedLabError, match=f"{name}” exists and is another file"):
            check_room(files, grid)


def test_another_recipe_is_in_the_way_and_another_dtype_too_once_it_is_known(tmp_path):
    keep(make_folder(tmp_path))
    half = replace(RECIPE, dtype="float16")
    check_room({half: tmp_path / "seed-0.png"}, tmp_path / "grid.png", resolved=False)
    for other, resolved in ((half, True), (replace(half, seed=1), False)):
        with pytest.raises(SeedLabError, match="another file"):
            check_room({other: tmp_path / "seed-0.png"}, tmp_path / "grid.png", resolved=resolved)


def test_a_folder_is_looked_at_without_making_it(tmp_path):
    check_folder(tmp_path / "new" / "folder")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("below", ["", "new", "new/folder"])
def test_a_folder_that_would_be_in_a_file_is_refused(tmp_path, below):
    (tmp_path / "notes").touch()
    with pytest.raises(SeedLabError, match="notes” is not a folder: choose another"):
        check_folder(tmp_path / "notes" / below)


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)  # whoever runs the tests may be root, who may write everywhere
    with pytest.raises(SeedLabError, match="cannot be written to"):
        check_folder(tmp_path / "new")


def test_a_folder_whose_name_is_too_long_is_refused(tmp_path):
    with pytest.raises(SeedLabError, match="cannot be created"):
        check_folder(tmp_path / ("x" * 5000))


@pytest.mark.parametrize(
    ("suffixes", "names"),
    [
        ((", highly realistic", ", artsy"), ("seed-2-highly-realistic", "seed-2-artsy")),
        (("Artsy!", ", artsy"), ("seed-2-artsy", "seed-2-artsy-2")),
        (("artsy", "artsy 2", ", artsy"), ("seed-2-artsy", "seed-2-artsy-2", "seed-2-artsy-3")),
        (("grid",), ("seed-2-grid-2",)),
        (("!", "?"), ("seed-2-variation", "seed-2-variation-2")),
        (("../../x/y", "C:\\z"), ("seed-2-x-y", "seed-2-c-z")),
        ((", 北斎の波", ", Häuschen"), ("seed-2-北斎の波", "seed-2-häuschen")),
        (("a_b  c",), ("seed-2-a-b-c",)),
    ],
)
def test_variations_are_named_by_their_suffixes(suffixes, names):
    assert name_variations("seed-2", suffixes) == names


def test_names_fit_on_every_disk_however_long_their_parts(tmp_path):
    suffixes = [f", {'波' * 5000}{n}" for n in range(16)]
    names = [*name_variations("北" * 83, suffixes), name_grid("北" * 83)]
    for name in names:
        (tmp_path / f"{name}.png").touch()
    assert len(list(tmp_path.iterdir())) == 17
