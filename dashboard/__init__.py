"""The window: it shows what was done and asks for more; it computes nothing."""
