"""The kinds of rounds, one module each; `seedlab.rules.registry` lists them."""
