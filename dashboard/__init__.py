"""The web process: it draws what the store holds and asks the worker for more; it computes nothing."""
