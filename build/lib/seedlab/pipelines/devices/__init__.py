"""The machine: choosing a device and dtype, measuring memory, offloading weights, observing the environment."""
