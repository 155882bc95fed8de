"""The training loop and what stands around it: data loader, baselines, inference, forecast."""
