"""ZeroGPU's own package with its forking and pickling, without its hardware: see `tests.pipelines.zerogpu.host`."""
