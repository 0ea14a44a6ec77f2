"""How Sketch's networks are trained; `seedlab.sketch.train` runs the stages."""
