"""A round or a trail as one HTML file that needs nothing else: it opens without a network, and as a static Space.

It has no script: the pictures are data: URIs, a click on one shows it large by CSS alone, and its Content Security
Policy allows nothing but that. The PNGs are the files as they were saved, so that SeedLab opens them.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from io import BytesIO
from pathlib import Path

from PIL.Image import Image

from seedlab import __version__
from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.file_names import hide_folder, hide_folders
from seedlab.images.compare import hash_pixels
from seedlab.images.containers.files import open_file
from seedlab.images.metadata import CHUNK, read_metadata
from seedlab.images.png import read_chunks, read_pixels
from seedlab.workflow.drafts import format_draft
from seedlab.workflow.export.html_style import STYLE
from seedlab.workflow.pictures.own import describe_inputs
from seedlab.workflow.trails.tile import Tile
from seedlab.workflow.trails.trail import Round, Trail

MAX_PAGE_BYTES = 200 * 10**6
"""The pictures of one page together; browsers become slow beyond."""

CONTROLS = re.compile(r"[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

WriteScript = Callable[[Sequence[Recipe]], str]
"""Writes recipes of one round as a diffusers script; raises SeedLabError where there is none."""

POLICY = "default-src 'none'; img-src data:; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"


def write_page(trail: Trail, write_script: WriteScript, title: str = "") -> str:
    """Return an HTML page of all rounds of a trail, the oldest first; see `trail_parts` for parts of one.

    Args:
        write_script: writes each round's script.
        title: of the page; "" for the first prompt.

    Raises:
        SeedLabError: no tile has a picture, a picture is damaged, or all together are too large for a page.
    """
    rounds = [each for each in sorted(trail.rounds, key=lambda each: each.id) if any(map(_has_picture, each.tiles))]
    if not rounds:
        raise SeedLabError("There are no pictures for a page yet: make them first.")
    _check_size(rounds)
    heading = title or rounds[0].base.prompt or rounds[0].title
    body = "\n".join(_write_round(trail, each, write_script) for each in rounds)
    return "\n".join((*_write_head(heading), body, *_write_end()))


def _has_picture(tile: Tile) -> bool:
    return tile.file is not None and tile.file.is_file()


def _check_size(rounds: Sequence[Round]) -> None:
    files = [tile.file for round_ in rounds for tile in round_.tiles if tile.file is not None and tile.file.is_file()]
    total = sum(file.stat().st_size for file in files)
    if total > MAX_PAGE_BYTES:
        raise SeedLabError(
            f"These {len(files)} pictures have {total // 10**6:,} MB, and a page at most {MAX_PAGE_BYTES // 10**6}: "
            "save one round at a time, or export the trail as a file."
        )


def _write_head(heading: str) -> Iterator[str]:
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY.format(digest))}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">'
    yield f'<meta name="generator" content="SeedLab {escape(__version__)}">'
    yield f"<title>{_write_text(heading)}</title>\n<style>{STYLE}</style>\n</head>\n<body>"
    yield f'<header><h1 dir="auto">{_write_text(heading)}</h1></header>\n<main>'


def _write_end() -> Iterator[str]:
    yield "</main>\n<footer><p>Made by SeedLab. The same recipe gives the same picture, byte for byte, in the same"
    yield "environment. Each picture has its recipe inside: save it, and open it in SeedLab.</p></footer>"
    yield "</body>\n</html>\n"


def _write_round(trail: Trail, round_: Round, write_script: WriteScript) -> str:
    shown = [index for index, tile in enumerate(round_.tiles) if _has_picture(tile)]
    figures = "\n".join(_write_tile(round_, index) for index in shown)
    script = _write_script([round_.tiles[index].recipe for index in shown], write_script)
    return (
        f'<section id="round-{round_.id}" aria-labelledby="title-{round_.id}">\n'
        f'<h2 id="title-{round_.id}" dir="auto">{_write_text(round_.title)}</h2>\n{_write_origin(trail, round_)}'
        f'<div class="tiles">\n{figures}\n</div>\n{script}</section>'
    )


def _write_origin(trail: Trail, round_: Round) -> str:
    """Return a line that says which picture a round was made from, with a link to it."""
    if round_.parent is None:
        needed = describe_inputs(tile.recipe for tile in round_.tiles)
        lines = (text for text in (round_.base.prompt, needed) if text or not needed)
        return "".join(f'<p class="prompt" dir="auto">{_write_text(text)}</p>\n' for text in lines)
    parent_id, index = round_.parent
    words = " · ".join(filter(None, (f"seed {round_.base.seed}", trail.round(parent_id).caption(index))))
    return f'<p class="prompt">From <a href="#picture-{parent_id}-{index}" dir="auto">{_write_text(words)}</a></p>\n'


def _write_tile(round_: Round, index: int) -> str:
    tile, place = round_.tiles[index], f"picture-{round_.id}-{index}"
    assert tile.file is not None  # for mypy; `_has_picture` has checked it
    caption = _write_text(" · ".join(filter(None, (f"Seed {tile.recipe.seed}", round_.caption(index), _name(tile)))))
    recipe = hide_folders(tile.recipe)
    data, pixels = _read_picture(tile.file)
    alt = _write_text(f"{recipe.prompt or 'A picture'}, seed {recipe.seed}")
    source = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return (
        f'<figure id="{place}"><a class="look" href="#{place}" aria-label="Look closely: {caption}">'
        f'<img src="{source}" alt="{alt}" width="{pixels.width}" height="{pixels.height}"></a>'
        f'<a class="back" href="#round-{round_.id}">Back</a><figcaption dir="auto">{caption}</figcaption>\n'
        f"{_write_details(recipe, hash_pixels(pixels), hashlib.sha256(data).hexdigest())}</figure>"
    )


def _read_picture(file: Path) -> tuple[bytes, Image]:
    """Return a picture's bytes and pixels. Pictures whose metadata has paths of this machine are written without it."""
    pixels = read_pixels(file)
    with open_file(file) as stream:
        data = stream.read()
    if not _has_paths(file):
        return data, pixels
    clean = BytesIO()
    pixels.save(clean, "PNG")
    return clean.getvalue(), pixels


def _has_paths(file: Path) -> bool:
    """Whether a picture, as those of early versions, says where local files were."""
    try:
        metadata = read_metadata(file)
    except SeedLabError:
        return CHUNK in read_chunks(file)
    return metadata.hide_folders() != metadata


def _name(tile: Tile) -> str:
    """Return what a draft is called; "" for a finished picture."""
    return "" if tile.draft_steps is None else f"draft, {format_draft(tile.draft_steps, tile.recipe)}"


def _write_details(recipe: Recipe, pixels_hash: str, file_hash: str) -> str:
    rows = {name.replace("_", " "): value for name, value in recipe.to_dict().items() if value not in ("", None, ())}
    hashes = {
        "recipe, SHA-256": recipe.fingerprint,
        "pixels, SHA-256": pixels_hash,
        "file, SHA-256": file_hash,
    }
    terms = "".join(
        f'<div><dt>{_write_text(name)}</dt><dd dir="auto">{_write_text(str(value))}</dd></div>'
        for name, value in (rows | hashes).items()
    )
    return f"<details><summary>Recipe</summary><dl>{terms}</dl><pre>{_write_text(recipe.to_json())}</pre></details>"


def _write_script(recipes: Sequence[Recipe], write_script: WriteScript) -> str:
    try:
        script = write_script(recipes)
    except SeedLabError:
        return ""  # no script makes these
    for path in {path for each in recipes for path in (each.model_id, *(lora.file for lora in each.loras))}:
        for text in (path, repr(path)[1:-1], json.dumps(path)[1:-1]):  # as literals have it
            script = script.replace(text, hide_folder(path))
    return f"<details><summary>Script</summary><pre>{_write_text(script)}</pre></details>\n"


def _write_text(text: str) -> str:
    """Return a user's text as HTML. Control characters, which HTML forbids, become question marks."""
    return escape(CONTROLS.sub("?", text))
