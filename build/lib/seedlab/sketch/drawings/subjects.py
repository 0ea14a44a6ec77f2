"""Everything that Sketch draws, by its word."""

from __future__ import annotations

from dataclasses import replace

from seedlab.sketch.drawings import beasts, birds, buildings, fish, pets, plants, things, vehicles
from seedlab.sketch.drawings.palette import Palette, choose_palette
from seedlab.sketch.drawings.subject import Subject

SUBJECTS: dict[str, Subject] = {
    **pets.SUBJECTS,
    **beasts.SUBJECTS,
    **birds.SUBJECTS,
    **fish.SUBJECTS,
    **buildings.SUBJECTS,
    **vehicles.SUBJECTS,
    **plants.SUBJECTS,
    **things.SUBJECTS,
}


def colour_subject(word: str, painter: str | None, colour: str | None) -> Palette:
    """The colours of a subject with a painter and a colour word."""
    subject = SUBJECTS[word]
    palette = subject.mondrian if painter == "Mondrian" else subject.natural
    if painter == "Vermeer":
        palette = replace(palette, **subject.vermeer)
    return choose_palette(palette, painter, colour, furry=subject.furry)
