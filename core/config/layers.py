"""The network of a run as a list of layers, from which it is drawn, its weights counted, and the model built."""

from typing import NamedTuple


class Layer(NamedTuple):
    """One linear block of the network: its place, its width, and what follows the linear map."""

    name: str  # unique, and the key of the module in torch
    side: str  # "encoder" or "decoder"
    branch: str  # "rna", "protein" or "latent"
    n_in: int
    n_out: int
    plain: bool  # True: a linear map alone (latent and output layers)
    norm: str = "none"

    @property
    def weights(self):
        """The number of weights: the matrix, its bias, and two for each unit with a normalisation."""
        return self.n_in * self.n_out + self.n_out + (0 if self.norm == "none" else 2 * self.n_out)


def network(config, n_genes, n_proteins, n_batches=0):
    """The Layers of a RunConfig, in the order of the data flow; `n_batches` as `RunConfig.layers` has it."""
    model = config.model_record
    branches = [("rna", n_genes, config.n_hidden), ("protein", n_proteins, config.n_hidden_protein)]
    branches = [branch for branch in branches if branch[1]]  # without those that have no features
    encoder, decoder = [], []
    start = config.n_latent + n_batches
    for branch, n_features, width in branches:
        n_in = n_features + n_batches
        for i in range(config.n_layers):
            name = f"encoder_{branch}_{i + 1}"
            encoder.append(Layer(name, "encoder", branch, n_in, width, False, config.norm))
            n_in = width
        n_in = start
        for i in range(0 if model.linear_decoder else config.n_layers):
            name = f"decoder_{branch}_{i + 1}"
            decoder.append(Layer(name, "decoder", branch, n_in, width, False, config.norm))
            n_in = width
        n_in += start if config.has_linear_path else 0
        decoder.append(Layer(f"output_{branch}", "decoder", branch, n_in, n_features, True))
        for name in model.heads(config, branch):
            head_in = n_in if name.startswith("output") else 0  # others are vectors with no input
            decoder.append(Layer(name, "decoder", branch, head_in, n_features, True))
    total = sum(width for _, _, width in branches)
    latent = [Layer("latent", "encoder", "latent", total, config.n_latent, True)]
    if model.variational:
        latent.append(Layer("latent_log_variance", "encoder", "latent", total, config.n_latent, True))
    return [*encoder, *latent, *decoder]
