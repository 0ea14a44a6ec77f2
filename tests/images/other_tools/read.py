"""Prints what sd-prompt-reader and sd-parsers read from each PNG file, as two JSON arrays by their names."""

import json
import sys
from typing import Any

from sd_parsers import ParserManager
from sd_prompt_reader.image_data_reader import ImageDataReader


def read_with_prompt_reader(file: str) -> dict[str, Any]:
    found = ImageDataReader(file)
    return {"tool": found.tool, "prompt": found.positive, "negative": found.negative, **found.parameter}


def read_with_parsers(file: str) -> dict[str, Any]:
    found = ParserManager().parse(file)
    (sampler,) = found.samplers
    return {
        "tool": found.generator.value,
        "prompt": found.full_prompt,
        "negative": found.full_negative_prompt,
        "sampler": sampler.name,
        "model": sampler.model.name,
        "model_hash": sampler.model.hash,
        "size": found.metadata["Size"],
        **sampler.parameters,
    }


readers = {"sd-prompt-reader": read_with_prompt_reader, "sd-parsers": read_with_parsers}
print(json.dumps({name: [read(file) for file in sys.argv[1:]] for name, read in readers.items()}))
