"""Texts: as people write them, and in files and sentences."""
