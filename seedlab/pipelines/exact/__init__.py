"""Exact batches: several images in one call, each with the bits of its own call. Most modules here import torch."""
