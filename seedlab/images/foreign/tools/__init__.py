"""One module per tool, with `read`: it maps a picture's texts to the tool's settings, or to None for other tools."""
