"""The panels of a run: the latent first, the input beside it, in two or three dimensions."""

from core.figures.panels import Panel

METHODS = {"pca": ("PCA", "PC"), "tsne": ("t-SNE", "t-SNE"), "umap": ("UMAP", "UMAP")}
WAITING = "being drawn ..."
DRAWN_DIRECTLY = (2, 3)  # latent spaces of so many dimensions are drawn themselves


def panels_of(latent, axes, embeddings, k=2, space="input", waiting=(), harmony=None):
    """The Panels of a run: latent UMAP (the latent itself where it has 2 or 3 dimensions), PCA, t-SNE, UMAP of the input.

    `latent` (cells, n_latent), `axes` (cells, >= k) the input's principal components, `embeddings` by name such as
    "input_umap" or "latent_umap_3d". A missing embedding gets a note where `waiting` names it, else no panel.
    `harmony` (cells, >= k), the axes after Harmony, stands beside PCA where there is one.
    """
    end = "_3d" if k == 3 else ""
    if latent.shape[1] in DRAWN_DIRECTLY:
        panels = [Panel("Latent space", latent, "", *(f"latent {i + 1}" for i in range(latent.shape[1])))]
    else:
        panels = [_panel("Latent space, UMAP", "UMAP", embeddings.get(f"latent_umap{end}"), k)]
    for method, (title, short) in METHODS.items():
        name = f"input_{method}{end}"
        points = axes[:, :k] if method == "pca" else embeddings.get(name)
        if points is not None or name in waiting:
            panels.append(_panel(f"{space.capitalize()}, {title}", short, points, k))
        if method == "pca" and harmony is not None:
            panels.append(_panel(f"{space.capitalize()}, PCA, Harmony", "Harmony", harmony[:, :k], k))
    return panels


def _panel(title, short, points, k):
    labels = [f"{short} {i + 1}" for i in range(k)]
    return Panel(title, points, "" if points is not None else WAITING, *labels)
