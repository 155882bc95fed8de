"""Executes jobs, in two lanes: one training run a device, and short work in one warm process."""
