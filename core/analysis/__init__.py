"""What a latent space shows: neighbours, embeddings, clusters, markers, reference mapping."""
