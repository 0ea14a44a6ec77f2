"""What is drawn: a module for each kind of subject; `registry.py` lists them all by their word."""
