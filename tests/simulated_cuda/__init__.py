"""SeedLab on a CUDA device simulated in host memory: see `tests.simulated_cuda.device`."""
