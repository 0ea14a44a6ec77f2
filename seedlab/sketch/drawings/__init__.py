"""Sketch's drawings: what can be drawn, in whose manner, where, and with which suffix."""
