"""Pictures as PNG files: metadata, other tools' metadata, the store, and output folders."""
