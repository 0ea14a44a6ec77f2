"""Sketch: a small text-to-image model that SeedLab trains itself, on pictures that it draws itself."""
