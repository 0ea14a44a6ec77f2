"""Trails: rounds of tiles and how they grew from each other, with the visitor's marks."""
