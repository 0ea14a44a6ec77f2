"""Passing a round or a trail on: as a link, as one file, or as a page."""
