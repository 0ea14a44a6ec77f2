"""Measures of pictures and of what decides them. Pure functions of numpy arrays; nothing is generated here."""
