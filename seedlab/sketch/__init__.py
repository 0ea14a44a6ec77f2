"""Sketch: a small text-to-image model that SeedLab trains from scratch on procedurally drawn images."""
