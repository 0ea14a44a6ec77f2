"""Pipelines in memory: finding their files, loading them, adding LoRAs, caching them."""
