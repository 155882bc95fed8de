"""A run to files that last without Nuwa: one file a thing, pure, put together by the worker."""
