"""The shared pipeline manager: the only package that knows torch and diffusers, which it imports on first use."""
