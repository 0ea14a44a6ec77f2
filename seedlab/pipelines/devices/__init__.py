"""The machine: device and dtype selection, memory, offloading, and the environment that decides the bits."""
