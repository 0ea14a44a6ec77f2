"""On a public host, a visitor's own pictures are nobody else's."""

from dataclasses import replace
from threading import Event

import pytest
from PIL import Image

from seedlab.application import Application
from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.start import Start
from seedlab.core.reports import Failed
from seedlab.core.visitors import name_owner
from seedlab.images.index.search import NOBODY, OPERATOR
from seedlab.rules.kinds.seeds import Seeds
from seedlab.settings import Settings
from seedlab.workflow.trails.trail import State
from tests.examples import ENVIRONMENT, RECIPE
from tests.server.test_gallery import ADA, BOB
from tests.workflow.painter import Painter


class Manager(Painter):
    """Paints what it may load the start of."""

    find_model = check = read_loras = is_here = rate = None

    def environment(self, _):
        return ENVIRONMENT

    def generate(self, recipes, stop, *, load_input, visitor=None, draft_steps=None, resume=True):
        for index, recipe in enumerate(recipes):
            try:
                load_input(recipe.input_picture)
            except SeedLabError as error:
                yield Failed(index, str(error))
                return
        yield from super().generate(recipes, stop, draft_steps=draft_steps)

    def close(self):
        pass


@pytest.fixture
def photo(tmp_path):
    Image.effect_noise((40, 24), 60).convert("RGB").save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def open_application(folder, *, public=True):
    return Application(Settings(store=folder / "store", public=public), Manager())


def make(application, recipe, owner):
    session = application._make_session(None, "the same address", owner)
    session.explore(recipe, Seeds((0,)))
    for _ in session.develop():
        pass
    return session.trail.newest.tiles[0]


def test_another_visitor_gets_neither_the_picture_nor_what_was_made_from_it(tmp_path, photo):
    application = open_application(tmp_path)
    ada, bob = (name_owner(cookies, NOBODY) for cookies in (ADA, BOB))
    picture = application.page_services.take_input(photo, ada).picture
    recipe = replace(RECIPE, width=8, height=8, start=Start(picture=picture, strength=0.5))
    assert make(application, recipe, ada).state is State.DONE
    made = [file.name for file in (tmp_path / "store").glob("*.png")]
    assert len(made) == 1, "and it is in the store"
    for owner in (bob, NOBODY, OPERATOR, "x"):
        tile = make(application, recipe, owner)
        assert tile.state is State.FAILED
        assert "which is not here: open that picture here" in tile.sentence
        assert application.page_services.find_input(picture, owner) is None
    assert make(open_application(tmp_path), recipe, ada).state is State.DONE, "it is theirs after a restart, too"
    (verdict,) = application.page_services.verify(recipe, tmp_path / "store" / made[0], Event(), "", bob, None)
    assert isinstance(verdict, Failed)


@pytest.mark.parametrize("public", [True, False])
def test_programs_see_no_visitors_picture_on_a_public_host(tmp_path, photo, public):
    application = open_application(tmp_path, public=public)
    owner = name_owner(ADA, NOBODY) if public else OPERATOR
    picture = application.page_services.take_input(photo, owner).picture
    recipe = replace(RECIPE, width=8, height=8, start=Start(picture=picture, strength=0.5))
    name = make(application, recipe, owner).file.stem
    tools = application.make_tools(str)
    if not public:
        assert tools.read_recipe(name)["recipe"]["start"]["picture"]["sha256"] == picture.sha256
        return
    for ask in (lambda: tools.look([name]), lambda: tools.read_recipe(name), lambda: tools.write_script([name])):
        with pytest.raises(SeedLabError, match="There is no picture"):
            ask()


def test_the_file_has_no_address(tmp_path, photo):
    application = open_application(tmp_path)
    application.page_services.take_input(photo, name_owner(ADA, NOBODY))
    (kept,) = (tmp_path / "store" / "inputs").iterdir()
    assert application._store.find_file(f"inputs/{kept.stem}") is None
    assert application._store.find_file(kept.stem) is None


def test_a_visitor_without_a_cookie_is_told_so(tmp_path, photo):
    for owner in (NOBODY, OPERATOR):
        with pytest.raises(SeedLabError, match="This browser keeps no cookies"):
            open_application(tmp_path).page_services.take_input(photo, owner)


def test_on_a_users_own_machine_it_is_kept_without_a_cookie(tmp_path, photo, monkeypatch):
    monkeypatch.setenv("SEEDLAB_CACHE", str(tmp_path / "cache"))
    application = open_application(tmp_path, public=False)
    picture = application.page_services.take_input(photo, NOBODY).picture
    recipe = replace(RECIPE, start=Start(picture=picture, strength=0.5))
    assert make(application, recipe, NOBODY).state is State.DONE
    assert (tmp_path / "store" / "inputs").is_dir()


def test_what_a_command_kept_is_found_by_the_page(tmp_path, photo, monkeypatch):
    monkeypatch.setenv("SEEDLAB_CACHE", str(tmp_path / "cache"))
    command = Application(Settings(store=tmp_path / "store", inputs=tmp_path / "cache" / "inputs"), Manager())
    picture = command.services.take_input(photo, OPERATOR).picture
    assert open_application(tmp_path, public=False).page_services.find_input(picture, NOBODY) is not None
    assert open_application(tmp_path).page_services.find_input(picture, name_owner(ADA, NOBODY)) is None
