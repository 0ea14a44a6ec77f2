"""Batches whose images have the bits they have alone. Everything here but batch and plans imports torch."""
