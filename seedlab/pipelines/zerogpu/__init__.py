"""The executor of a Space on ZeroGPU, where each use of a GPU is a call in a forked process."""
