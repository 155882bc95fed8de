"""Executes jobs, in lanes: one training run a device, short work in one warm process, slow pictures apart."""
