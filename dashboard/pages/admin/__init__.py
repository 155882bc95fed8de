"""Administration: people, storage, queue, device, workers, versions, logs."""
