"""`seedlab measure` and `seedlab compare`: how much a model leaves to the seed, and what other words change."""

import argparse
from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from seedlab import __version__
from seedlab.cli.common.options import MakeServices, add_compute, read_compute, write_json, write_line
from seedlab.cli.common.progress import ProgressLine
from seedlab.core.errors import SeedLabError
from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe_checks import DTYPES
from seedlab.core.texts.text import quote
from seedlab.images.output_folder import check_folder
from seedlab.images.png import write_png
from seedlab.measures.trials import Trial
from seedlab.rules.kinds.seeds import Seeds
from seedlab.workflow.measuring import Made, compare_prompts, format_trial, measure_model

T = TypeVar("T")

MEASURE = """\
Measure how much of a picture's composition a model leaves to the seed: drafts of 12 seeds under 8 prompts, and a
two-way analysis of variance of where they are light and dark. At 0 %, all seeds of a prompt give the same composition;
at 100 %, the prompt decides nothing of it. The interval is the 95 % confidence interval."""

COMPARE = """\
Put words on trial: make drafts of the same seeds under two prompts, and measure how much the other words change, where,
and how sure that is. The unit is the difference between two seeds."""


def add_measures(commands: Any) -> None:
    """Add the commands to those of `seedlab.cli.main.make_parser`."""
    raw = argparse.RawDescriptionHelpFormatter
    measure = commands.add_parser("measure", help="measure how much a model leaves to the seed", formatter_class=raw)
    measure.description = MEASURE
    measure.set_defaults(run=run_measure)
    measure.add_argument("model", metavar="MODEL", nargs="?", default="sketch", help="as for grid (%(default)s)")
    compare = commands.add_parser("compare", help="measure what other words change", formatter_class=raw)
    compare.description = COMPARE
    compare.set_defaults(run=run_compare)
    compare.add_argument("prompt", metavar="PROMPT")
    compare.add_argument("other", metavar="OTHER_PROMPT")
    compare.add_argument("--seeds", default="0-7", help=f"{Seeds.parameters[0].help} (%(default)s)")
    compare.add_argument("--model", default="sketch", help="as for grid (%(default)s)")
    words = "also write a picture of where the pictures change, 256 pixels a side, to a new file"
    compare.add_argument("--map", metavar="MAP.png", type=Path, help=words)
    for command in (measure, compare):
        add_compute(command)
        command.add_argument("--json", action="store_true", help="print a report for programs")


def run_measure(given: argparse.Namespace, make_services: MakeServices) -> int:
    """Measure the seed share of a model."""
    with closing(make_services(read_compute(given))) as services:
        model = services.resolve_model(services.find_model(given.model))
        share = _follow(measure_model(services.generate, services.shares, model, Event()))
    if given.json:
        write_json({"seedlab": __version__, "command": "measure", "model": model.address, **asdict(share)})
    else:
        write_line(f"{model.name}: {share.format()}")
    return 0


def run_compare(given: argparse.Namespace, make_services: MakeServices) -> int:
    """Compare the pictures of two prompts."""
    seeds = Seeds.parse({"seeds": given.seeds}).seeds
    if given.map is not None:
        _check_map(given.map)
    with closing(make_services(read_compute(given))) as services:
        model = services.find_model(given.model)
        for prompt in (given.prompt, given.other):  # before the device is known, which takes seconds
            replace(model, dtype=model.dtype or DTYPES[0]).make_recipe(prompt=prompt, seed=seeds[0])
        trial = _compare(given, services.resolve_model(model), seeds, services.generate)
    if given.json:
        measured = {"change": trial.change, "low": trial.low, "high": trial.high, "place": trial.describe_place()}
        write_json({"seedlab": __version__, "command": "compare", "seeds": seeds, **measured})
    else:
        write_line(format_trial(trial))
    if given.map is not None:
        write_png(given.map, trial.draw_map(), {})
    return 0


def _check_map(file: Path) -> None:
    check_folder(file.parent)
    if file.exists():
        raise SeedLabError(f"{quote(str(file), 80)} exists: choose another name with --map.")


def _compare(given: argparse.Namespace, model: Model, seeds: tuple[int, ...], generate: Any) -> Trial:
    ours, theirs = (
        [model.make_recipe(prompt=prompt, seed=seed) for seed in seeds] for prompt in (given.prompt, given.other)
    )
    draft_steps = model.choose_draft_steps(model.num_inference_steps)
    return _follow(compare_prompts(generate, ours, theirs, draft_steps, Event()))


def _follow(work: Generator[Made, None, T | None]) -> T:
    """Return the result of a measurement, with its progress on the terminal."""
    line = ProgressLine()
    try:
        while True:
            made = next(work)
            line.write(f"{made.count} of {made.total}")
    except StopIteration as end:
        result: T | None = end.value
    finally:
        work.close()
        line.clear()
    if result is None:
        raise SeedLabError("The measurement was stopped.")
    return result
