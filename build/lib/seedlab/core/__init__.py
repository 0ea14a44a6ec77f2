"""Frozen data that everything else passes around: recipes, models, environments, reports."""
