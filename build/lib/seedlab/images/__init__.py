"""Pictures as PNG files: what is written into them, how they are read back, and where they are kept."""
