"""What a click costs after a long visit: messages and work do not grow with the number of rounds."""

import json
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from seedlab.core import canonical
from seedlab.core.picture import Picture
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.sweep import Sweep
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.ui.handlers.page import Handlers
from seedlab.ui.theme import STATIC
from seedlab.ui.views import updates as updates_module
from seedlab.ui.views.tree import KEPT
from seedlab.ui.views.updates import Updates
from seedlab.workflow.sessions.session import Session
from seedlab.workflow.trails.trail import State, Trail
from seedlab.workflow.trails.trail_json import write_trail
from tests.ui.fakes import SKETCH, Painter, make_services
from tests.ui.page import Page, View, address, show

RECIPE = SKETCH.make_recipe(prompt="Labrador in the style of Vermeer", seed=0)
MANY = 300
LIMIT = 4096
"""Bytes of a progress message (the issue tracker's goal for 300 rounds)."""

RUN = """
const [module, updates] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
import(module).then(({ isAhead, makeView, merge }) => {
  const view = makeView();
  for (const update of updates) if (isAhead(view, update)) throw new Error('ahead'); else merge(view, update);
  const describe = ({ id, locked, siblings, tiles }) => [id, locked, siblings, tiles.map(({ varied }) => varied)];
  const rounds = view.rounds.map(describe);
  console.log(JSON.stringify([view.order, view.path, view.focus, view.roots, rounds, `${view.run} ${view.version}`]));
});
"""


def go_deeper(trail: Trail, number: int) -> Trail:
    """Lock the first tile of the newest round. Prompts do not grow: they are content, not rounds."""
    values = tuple(("guidance", 1 + number / 100 + index / 1000) for index in range(4))
    return trail.lock(trail.newest.id, 0, Sweep(values))


GROW = {
    "deep": go_deeper,
    "siblings": lambda trail, number: trail.lock(1, 0, Suffixes((f", {number}", ", a", ", b", ", c"))),
    "first rounds": lambda trail, number: trail.explore(RECIPE, Seeds(tuple(range(4 * number, 4 * number + 4)))),
}


def make_trail(shape: str, count: int, file: Path) -> Trail:
    """Make a trail of so many rounds of four finished pictures."""
    trail = Trail().explore(RECIPE, Seeds((0, 1, 2, 3)))
    for number in range(1, count):
        trail = GROW[shape](trail, number)
    done = {"state": State.DONE, "file": file, "fraction": 1.0}
    return replace(
        trail,
        rounds=tuple(replace(each, tiles=tuple(replace(tile, **done) for tile in each.tiles)) for each in trail.rounds),
    )


def open_page(trail: Trail, painter: Painter) -> Page:
    """Open a page that shows a trail, and let it get the first updates."""

    def make_session(_: object, visitor: str = "", owner: str = "") -> Session:
        return Session(painter.generate, painter.find, painter.keep, trail)

    page = Page(Handlers(replace(make_services(painter), make_session=make_session), address))
    page.open()
    page.develop()
    return page


def vary(page: Page) -> tuple[int, list[int]]:
    """Vary a picture of the newest round. Returns the sizes of the answer and of the progress messages, in bytes."""
    sizes: list[int] = []
    merge = page.shown.merge

    def measure(update: dict) -> View:
        sizes.append(len(json.dumps(update).encode()))
        return merge(update)

    page.shown.merge = measure
    page.click(page.state.session.trail.newest.id, 1)
    page.develop()
    return sizes[0], sizes[1:]


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "done.png"
    file.touch()
    return file


@pytest.mark.parametrize("shape", GROW)
def test_the_messages_of_a_click_are_as_small_after_300_rounds_as_after_2(shape, file, tmp_path, monkeypatch):
    monkeypatch.setattr("seedlab.ui.page_session.UPDATE_INTERVAL", 0.0)
    (few, few_progress), (many, many_progress) = (
        vary(open_page(make_trail(shape, count, file), Painter(tmp_path / str(count)))) for count in (2, MANY)
    )
    assert max(many_progress) <= LIMIT
    assert max(many_progress) <= max(few_progress) + 100
    assert many <= few + 150, "a few more digits"


def test_a_click_builds_only_what_is_new(file, monkeypatch, tmp_path):
    counts = []
    for count in (2, MANY):
        page = open_page(make_trail("deep", count, file), Painter(tmp_path / str(count), pause=0.0))
        built = dict.fromkeys(("build_state", "build_header", "build_recipes", "name_roots", "write_round"), 0)
        with monkeypatch.context() as patch:
            for name in built:
                patch.setattr(updates_module, name, count_calls(getattr(updates_module, name), name, built))
            page.click(page.state.session.trail.newest.id, 1)
        counts.append(built)
    assert counts[0] == counts[1]
    assert counts[1]["build_header"] == 1


def count_calls(function, name, counts):
    def counting(*arguments):
        counts[name] += 1
        return function(*arguments)

    return counting


def test_a_reload_shows_found_pictures_in_few_messages_and_hashes_each_recipe_once(file, painter, monkeypatch):
    trail = make_trail("deep", 60, file)
    hashed: list[object] = []
    monkeypatch.setattr("seedlab.workflow.sessions.lookups.LOOKUP_SECONDS", 10.0)  # a busy machine is no long visit
    monkeypatch.setattr(canonical, "hash_json", lambda data: hashed.append(data) or str(len(hashed)))
    painter.find = lambda recipe, draft_steps=None: Picture(file)
    page = Page(Handlers(make_services(painter), address), write_trail(trail))
    page.open()
    assert len(page.develop()) < 10
    assert {state for column in range(60) for state in page.states(column)} == {"done"}
    assert len(hashed) <= 60 * 4


def walk(seed: int, steps: int) -> list[Trail]:
    """Explore, lock and go back at random; returns the trail after each step."""
    choose = random.Random(seed)
    trails = [Trail().explore(RECIPE, Seeds((0, 1, 2)))]
    for _ in range(steps):
        trail = trails[-1]
        if trail.root_of(trail.path[-1]) == trail.roots[0].id and len(trail.rounds) > 10:
            trail = trail.explore(RECIPE, Seeds((choose.randrange(1000),)))  # the tree of the path always stays
        if choose.random() < 0.2:
            trail = trail.explore(RECIPE, Seeds((choose.randrange(4), 9)))
        elif choose.random() < 0.4:
            trail = trail.revisit(choose.choice(trail.rounds).id)
        else:
            round_ = choose.choice(trail.visible)
            suffixes = Suffixes((f", {choose.randrange(3)}", ", a"))
            trail = trail.lock(round_.id, choose.randrange(len(round_.tiles)), suffixes)
        trails.append(trail)
    return trails


def follow(trails: list[Trail], seed: int) -> tuple[View, list[dict]]:
    """Send a page the updates of all trails, of which some get lost. Returns the page, and what it got."""
    choose = random.Random(seed)
    updates, view, got = Updates({}, address), View(), []
    for trail in trails:
        update = updates.build(trail)
        if choose.random() < 0.4 and got and trail is not trails[-1]:
            continue
        if update["base"] > view.data["version"]:
            update = updates.build(trail, since=view.data["version"])
        view.merge(update)
        got.append(update)
        if choose.random() < 0.3:
            updates.acknowledge(updates.run, update["version"])
    return view, got


def describe(shown: dict) -> list:
    rounds = [
        [each["id"], each["locked"], each["siblings"], [tile["varied"] for tile in each["tiles"]]]
        for each in shown["rounds"]
    ]
    return [shown["order"], shown["path"], shown["focus"], shown["roots"], rounds]


@pytest.mark.parametrize("seed", range(20))
def test_a_page_that_gets_what_moved_shows_the_whole_tree(seed, monkeypatch):
    monkeypatch.setattr("seedlab.workflow.trails.trail.MAX_ROUNDS", 15)  # some make room for others
    trails = walk(seed, steps=40)
    view, _ = follow(trails, seed)
    assert describe(view.read()) == describe(show(trails[-1]))


def test_the_script_of_the_page_shows_the_same_tree(monkeypatch):
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    monkeypatch.setattr("seedlab.workflow.trails.trail.MAX_ROUNDS", 15)
    view, got = follow(walk(5, steps=60), 5)
    given = json.dumps([(STATIC / "js" / "state" / "updates.js").as_uri(), got])
    done = subprocess.run([node, "-e", RUN], input=given, capture_output=True, text=True, check=True, timeout=60)
    *tree, seen = json.loads(done.stdout)
    assert tree == describe(view.read())
    assert seen == f"{view.data['run']} {view.data['version']}"


def test_a_page_with_an_old_tree_gets_the_whole_one():
    trails = walk(1, steps=3 * KEPT)
    updates, view = Updates({}, address), View()
    view.merge(updates.build(trails[0]))
    for trail in trails:
        updates.build(trail)
    update = updates.build(trails[-1], since=1)
    assert update["tree"]["gone"] is None
    assert describe(view.merge(update).read()) == describe(show(trails[-1]))


@pytest.mark.parametrize("seen", [("other", 3), (None, "3"), (None, 99)])
def test_a_false_acknowledgement_changes_nothing(seen):
    updates = Updates({}, address)
    trail = Trail().explore(RECIPE, Seeds((0, 1)))
    updates.build(trail)
    updates.acknowledge(seen[0] or updates.run, seen[1])
    assert updates.build(trail)["base"] == 0
