"""Scripts that make a picture with diffusers alone."""
