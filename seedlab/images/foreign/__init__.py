"""Settings that other tools wrote into their pictures.

They are no exact recipe, and untrusted. Each tool has a module in `tools`, registered in `registry.py`. The library
sd-parsers was considered (0.6): it reads fewer tools and encodings, cuts quoted and JSON values at commas, and does not
list what it leaves out.
"""
