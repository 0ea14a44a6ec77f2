"""All subjects by their word."""

from __future__ import annotations

from dataclasses import replace

from seedlab.sketch.drawings.palette import Palette, choose_palette
from seedlab.sketch.drawings.subjects import animals, birds, buildings, fish, pets, plants, things, vehicles
from seedlab.sketch.drawings.subjects.subject import Subject

SUBJECTS: dict[str, Subject] = {
    **pets.SUBJECTS,
    **animals.SUBJECTS,
    **birds.SUBJECTS,
    **fish.SUBJECTS,
    **buildings.SUBJECTS,
    **vehicles.SUBJECTS,
    **plants.SUBJECTS,
    **things.SUBJECTS,
}


def colour_subject(word: str, style: str | None, colour: str | None) -> Palette:
    """Return the colours of a subject for a style and a colour word."""
    subject = SUBJECTS[word]
    palette = subject.mondrian if style == "Mondrian" else subject.natural
    if style == "Vermeer":
        palette = replace(palette, **subject.vermeer)
    return choose_palette(palette, style, colour, furry=subject.furry)
