"""Rounds that are made without a browser, and written into a folder."""
