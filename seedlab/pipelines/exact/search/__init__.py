"""The search for plans: which modules can run on a batch, and whether that is faster."""
