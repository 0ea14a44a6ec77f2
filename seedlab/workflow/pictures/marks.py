"""Marks in the prompts of other tools: weights and commands."""

import re
from dataclasses import replace

from seedlab.core.recipes.prompt_weights import choose_syntax, escape
from seedlab.images.foreign.metadata import ForeignMetadata

MARKS = re.compile(
    r"\bBREAK\b|\bAND\b"
    r"|\[[^\[\]]{0,200}:[^\[\]]{1,200}\]|-?\d{1,4}\.?\d{0,6}::|\{[^{}]{1,200}\}"
)
"""What other tools read as commands: AUTOMATIC1111's `[a:b:0.5]`, NovelAI's `{cat}`, …"""

WEIGHTED = re.compile(r"[(\[][^()\[\]]{0,200}[)\]]?")


def escape_other_weights(found: ForeignMetadata) -> ForeignMetadata:
    """Return settings whose brackets are characters, if their tool gives them another meaning than AUTOMATIC1111."""
    if not found.has_other_weights or not choose_syntax(found.prompt, found.negative_prompt):
        return found
    return replace(found, prompt=escape(found.prompt), negative_prompt=escape(found.negative_prompt))
