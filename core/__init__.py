"""The science of Nuwa: from a file of counts to a trained autoencoder and what its latent space shows."""

__version__ = "0.1.0"
