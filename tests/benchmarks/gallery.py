"""How long the gallery takes to find pictures, to be made again from the PNGs, and to make thumbnails.

    python -m tests.benchmarks.gallery                  20,000 pictures; --count and --side for others

Rows come from made-up prompts, through `Index.add`, as the store adds them. What is made again is read from PNGs of
`--side` pixels, of which `--files` are written. Times are medians of a few runs with a warm file cache.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from PIL import Image

from seedlab.core.recipes.recipe import Recipe
from seedlab.images.index.marks import Mark
from seedlab.images.index.row import Row
from seedlab.images.index.search import OPERATOR, Search
from seedlab.images.store import Store, make_store
from seedlab.workflow.gallery.gallery import Gallery
from seedlab.workflow.gallery.thumbnail_addresses import ThumbnailAddresses
from tests.examples import ENVIRONMENT, RECIPE, make_finished

SUBJECTS = ["Labrador", "fox", "boat", "house", "cat", "owl", "castle", "train", "tree", "woman", "robot", "teapot"]
STYLES = ["Vermeer", "Hokusai", "Mondrian", "Van Gogh", "Klimt", "Escher", "Monet", "Bauhaus"]
WORDS = [
    "artsy",
    "trending",
    "colored",
    "dramatic",
    "at night",
    "in the rain",
    "golden hour",
    "film grain",
    "macro",
    "foggy",
]
MODELS = "sketch", "stable-diffusion-v1-5/stable-diffusion-v1-5", "stabilityai/sdxl-turbo"
RUNS = 7


def make_recipes(count: int) -> Iterator[Recipe]:
    """Yield recipes as people make them: four seeds of each prompt."""
    chance = random.Random(0)
    for number in range(count):
        if number % 4 == 0:
            extras = ", ".join(chance.sample(WORDS, chance.randint(1, 6)))
            prompt = f"{chance.choice(SUBJECTS)} in the style of {chance.choice(STYLES)}, {extras}, number {number}"
            model = chance.choice(MODELS)
        yield replace(RECIPE, prompt=prompt, seed=number % 4, model_id=model)


def fill(store: Store, count: int) -> float:
    """Add rows without files; returns the seconds for each."""
    began = time.perf_counter()
    for number, recipe in enumerate(make_recipes(count)):
        name = f"{recipe.fingerprint}-{ENVIRONMENT.digest[:16]}"
        store.index.add(Row(name=name, recipe=recipe, made=float(number)), "ada" if number % 2 else "bob")
    return (time.perf_counter() - began) / count


def measure(what: str, action: Callable[[], object]) -> None:
    """Print the median time of an action, and the longest, in milliseconds."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        result = action()
        times.append(1000 * (time.perf_counter() - began))
    print(f"{what:52} {statistics.median(times):8.1f} ms, at most {max(times):.1f}   {result}")


def measure_finding(store: Store, folder: Path) -> None:
    """Measure searches of the operator, and of a visitor who has half of the pictures."""
    index, addresses = store.index, ThumbnailAddresses()
    names = [row.name for row in index.find(Search(), count=500).rows]
    index.marks.set({name: Mark("keep", number % 6) for number, name in enumerate(names)}, OPERATOR)
    searches = {
        "first page": Search(),
        "one word": Search(words="fox"),
        "three words": Search(words="labrador vermeer night"),
        "the beginning of a word": Search(words="ho"),
        "a word that is in all": Search(words="style"),
        "a word and a seed": Search(words="fox", seed=2),
        "model": Search(model="sketch"),
        "stars": Search(stars=3),
        "dates": Search(since=5000.0, until=9000.0),
        "nothing": Search(words="zebra"),
    }
    for owner, who in ((OPERATOR, ""), ("ada", " of a visitor")):
        for what, search in searches.items():
            gallery = Gallery(store, addresses, owner)
            measure(what + who, lambda gallery=gallery, search=search: gallery.find(search).total)

    def open_anew() -> int:
        fresh = make_store(folder)
        total = Gallery(fresh, addresses, OPERATOR).find().total
        fresh.close()
        return total

    measure("first page after a start", open_anew)
    deep = index.find(Search(), count=500).cursor
    measure("a page in the middle", lambda: index.find(Search(), cursor=deep).total)


def measure_files(folder: Path, files: int, side: int) -> None:
    """Measure making the index again from PNGs, keeping it in step, and thumbnails."""
    store = make_store(folder)
    image = Image.effect_noise((side, side), 50)
    for recipe in make_recipes(files):
        store.keep(recipe, make_finished(image), ())
    began = time.perf_counter()
    counts = store.index.update(rebuild=True)
    print(f"made again from PNGs: {1000 * (time.perf_counter() - began) / files:.2f} ms a picture   {counts}")
    measure("in step already", lambda: store.index.update().added)
    names = [row.name for row in store.index.find(Search(), count=60).rows]
    began = time.perf_counter()
    made = [store.find_thumbnail(name) for name in names]
    seconds = (time.perf_counter() - began) / len(made)
    print(
        f"a thumbnail: {1000 * seconds:.1f} ms, {sum(file.stat().st_size for file in made) / len(made) / 1000:.1f} kB"
    )
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000, help="rows")
    parser.add_argument("--files", type=int, default=500, help="PNGs")
    parser.add_argument("--side", type=int, default=256, help="of the PNGs, in pixels")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = make_store(Path(folder) / "rows")
        print(f"{given.count:,} pictures; adding one: {1000 * fill(store, given.count):.2f} ms")
        store.index._database.is_new = False  # there are no files to be found
        measure_finding(store, Path(folder) / "rows")
        store.close()
        measure_files(Path(folder) / "files", given.files, given.side)


if __name__ == "__main__":
    main()
