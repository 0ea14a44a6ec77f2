"""Reproducibility: Verify, Copy as script, and opening downloaded pictures."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from seedlab.images.compare import hash_pixels
from seedlab.images.metadata import read_metadata, write_picture
from seedlab.images.png import read_pixels, write_png
from tests.browser.conftest import open_visit, take_seeds
from tests.images.foreign.pictures import make_exif, write_exif
from tests.processes import run_python

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]


def make_round(screen, seed):
    """Make a picture, and a second round from it."""
    screen.generate(prompt="a red boat by Hokusai", seeds=str(seed))
    screen.wait_done(0, 1)
    screen.fill("suffixes", ", artsy\n, trending")
    screen.frame(0, 0).click()
    screen.wait_done(1, 2)


@pytest.fixture(scope="module")
def download(browser, profiles, server, tmp_path_factory) -> Path:
    """A downloaded picture from the second round, which tests do not change."""
    with open_visit(browser, profiles, server) as visit:
        screen = visit()
        make_round(screen, take_seeds()[0])
        return screen.download(1, 1).rename(tmp_path_factory.mktemp("downloads") / "downloaded.png")


@pytest.fixture
def picture(download, tmp_path) -> Path:
    """A copy of it."""
    return Path(shutil.copy(download, tmp_path))


def test_verify_reports_equal_bytes(screen, seeds):
    make_round(screen, seeds[0])
    picture = screen.download(1, 1)
    screen.look(1, 1)
    screen.action("Verify").click()
    expect(screen.check).to_contain_text("Equal, byte for byte: L∞ = 0.", timeout=60_000)
    expect(screen.check).to_contain_text(hash_pixels(Image.open(picture)))
    expect(screen.check).to_contain_text("latentsequal")
    screen.look(1, 0)
    expect(screen.check).to_be_hidden()
    screen.look(1, 1)
    expect(screen.check).to_contain_text("Equal, byte for byte")


def test_verify_by_keyboard_and_a_script_is_hidden_when_another_picture_is_inspected(screen, seeds):
    make_round(screen, seeds[0])
    screen.action("Verify").focus()
    screen.page.keyboard.press("Enter")
    expect(screen.check).to_contain_text("Equal, byte for byte", timeout=60_000)
    expect(screen.action("Verify")).to_be_focused()
    screen.look(1, 1)
    screen.action("Copy as script").click()
    expect(screen.script).to_be_visible()
    screen.look(1, 0)
    expect(screen.script).not_to_be_visible()
    screen.action("Copy as script").click()
    expect(screen.script).to_be_visible()


def test_the_copied_script_of_a_picture_gives_its_bytes(visit, seeds, tmp_path):
    screen = visit(permissions=["clipboard-read", "clipboard-write"])
    screen.generate(prompt='it\'s "quoted"', seeds=f"{seeds[0]}, {seeds[1]}")
    screen.wait_done(0, 2)
    file = screen.download(0, 1)
    screen.look(0, 1)
    screen.action("Copy as script").click()
    expect(screen.page.locator(".copied")).to_have_text("copied")
    script = screen.page.evaluate("navigator.clipboard.readText()")
    assert script == screen.script.input_value()
    (tmp_path / "seedlab").symlink_to(ROOT / "seedlab")
    done = run_python("-c", script, cwd=tmp_path)
    assert hash_pixels(Image.open(file)) in done.stdout, done.stderr


def test_a_round_is_copied_as_one_script(screen, seeds):
    screen.generate(seeds=f"{seeds[0]}-{seeds[3]}")
    screen.wait_done()
    screen.action("Copy round as script").click()
    expect(screen.script).to_be_visible()
    script = screen.script.input_value()
    compile(script, "script", "exec")
    assert all(str(seed) in script for seed in seeds)
    screen.page.locator(".script .action").click()
    expect(screen.script).to_be_hidden()


def test_a_dropped_picture_restores_its_parents(visit, picture):
    other = visit(steps=None)
    other.drop(picture)
    expect(other.columns).to_have_count(2)
    other.wait_done(1, 1)
    # The parent's picture comes from the store, which is shared: the recipe gives the same bytes anyway.
    other.wait_done(0, 1)
    # The panel follows the rounds, a moment later on a busy machine.
    expect(other.page.locator("#prompt textarea")).to_have_value("a red boat by Hokusai, trending")
    assert other.value("seeds") == str(read_metadata(picture).recipe.seed)
    other.look(1, 0)
    expect(other.page.locator(".inspector")).to_contain_text("Opened from a file, made in this environment.")
    other.action("Verify").click()
    expect(other.check).to_contain_text("Equal, byte for byte", timeout=60_000)


def test_verify_notices_a_pixel_that_was_changed(visit, picture, server):
    metadata, image = read_metadata(picture), read_pixels(picture)
    image.putpixel((3, 3), (255, 0, 255))
    write_picture(picture, image, metadata)
    other = visit(steps=None)
    other.drop(picture)
    other.wait_done(1, 1)
    other.look(1, 0)
    other.action("Verify").click()
    expect(other.check).to_contain_text("the file's pixels were changed after it was made", timeout=60_000)
    kept = [read_pixels(file) for file in server.store.rglob("*.png") if read_metadata(file).recipe == metadata.recipe]
    assert kept
    assert all(each.tobytes() != image.tobytes() for each in kept), "the dropped pixels are not stored"


def test_metadata_of_automatic1111_is_imported_into_the_fields(screen, tmp_path):
    text = (
        "a labrador\nNegative prompt: fog\nSteps: 7, Sampler: Euler a, CFG scale: 2, Seed: 31, Size: 128x128, Model: x"
    )
    write_png(tmp_path / "a.png", Image.new("RGB", (8, 8)), {"parameters": text})
    screen.drop(tmp_path / "a.png")
    expect(screen.sentence("notice")).to_contain_text("Imported from the picture")
    assert (screen.value("prompt"), screen.value("seeds")) == ("a labrador", "31")
    screen.generate()
    screen.wait_done(0, 1)
    expect(screen.page.locator(".inspector")).to_contain_text("7 steps · guidance 2 · Euler ancestral")


def test_pictures_of_every_kind_are_taken_and_other_files_get_our_sentence(screen, tmp_path):
    text = "a red boat\nSteps: 7, Sampler: Euler a, Seed: 31, Size: 510x64, Model: x"
    file = write_exif(tmp_path / "a.jpg", make_exif(b"UNICODE\0" + text.encode("utf-16-be")))
    screen.drop(file, "a.jpg", "b.jpg", "c.txt")
    expect(screen.sentence("notice")).to_contain_text("Sketch makes sizes in steps of 8 pixels: 510 became 512.")
    expect(screen.sentence("notice")).to_contain_text("Of 3 files only the first was opened: “a.jpg”.")
    assert (screen.value("prompt"), screen.value("seeds")) == ("a red boat", "31")
    (tmp_path / "notes.txt").write_text("a boat")
    screen.drop(tmp_path / "notes.txt", "notes.txt")
    expect(screen.sentence("page")).to_have_text(
        "“notes.txt” is not a picture that SeedLab can read: choose a PNG, JPEG or WebP file."
    )
    expect(screen.page.locator(".toast-body")).to_have_count(0)
    picker = screen.page.locator("#open").locator("xpath=..").locator("input[type=file]")
    expect(picker).to_have_attribute("accept", ".png,.jpg,.jpeg,.webp,.zip")


def test_a_hostile_file_shows_an_error_and_changes_nothing(screen, seeds, tmp_path):
    screen.generate(seeds=str(seeds[0]))
    screen.wait_done(0, 1)
    for name, content in (("picture", b"<svg onload=alert(1)>"), ("damaged", b"\x89PNG\r\n\x1a\n" + b"\0" * 100)):
        (tmp_path / "evil.png").write_bytes(content)
        screen.drop(tmp_path / "evil.png", f"{name}<img src=x onerror=alert(1)>.png")
        expect(screen.sentence("page")).to_contain_text(name)
        expect(screen.columns).to_have_count(1)
        screen.wait_done(0, 1)


def test_a_picture_dropped_before_the_page_is_complete_is_opened_later(visit, picture):
    other = visit(steps=None)
    other.page.locator("#open").evaluate("node => node.id = 'to-come'")
    other.drop(picture)
    other.page.wait_for_timeout(300)
    expect(other.columns).to_have_count(0)
    other.page.locator("#to-come").evaluate("node => node.id = 'open'")
    other.wait_done(1, 1)


def test_a_changed_recipe_and_one_of_an_invalid_model_are_refused(visit, picture):
    metadata, image = read_metadata(picture), read_pixels(picture)
    changed = metadata.to_json().replace('"sketch"', '"/etc"')
    assert "/etc" in changed
    write_png(picture, image, {"seedlab": changed})
    other = visit(steps=None)
    other.drop(picture)
    expect(other.sentence("page")).to_contain_text("changed after it was made")
    expect(other.columns).to_have_count(0)
    forged = replace(metadata, recipe=replace(metadata.recipe, model_id="/etc"), lineage=())
    write_picture(picture, image, forged)
    other.drop(picture)
    expect(other.sentence("page")).to_contain_text("This picture needs the model “etc”, which is not here")
    expect(other.columns).to_have_count(0)
