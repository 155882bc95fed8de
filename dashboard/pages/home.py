"""The first page: what Nuwa does, and its five steps."""

from dash import dcc, html

from dashboard.components.widgets import card, more

PATH, TITLE = "/", "Welcome"

STEPS = (
    (
        "/data",
        "Data",
        "Choose a dataset on this server, or add your own file. Nuwa checks what it contains.",
    ),
    (
        "/preprocess",
        "Preprocess",
        "Normalise, choose variable genes, scale. The recommended steps are switched on.",
    ),
    (
        "/model",
        "Create model",
        "A Citeseq autoencoder: RNA and protein in one small latent space.",
    ),
    ("/train", "Train", "Watch the loss fall, beside two baselines. You can close the tab."),
    (
        "/clusters",
        "Clusters",
        "See the latent space beside PCA, t-SNE and UMAP, score it, and download the results.",
    ),
)


def layout(view, context):
    links = [
        html.Li(
            [
                dcc.Link(title, href=context.link(path), className="fw-semibold"),
                html.Div(text, className="help"),
            ]
        )
        for path, title, text in STEPS
    ]
    return html.Div(
        [
            card(
                "Train an autoencoder on your own cells",
                html.P(
                    "An autoencoder learns to describe each cell by a few numbers, from which it reconstructs thousands of "
                    "measured values. These numbers are the latent space. Similar cells are close together there and "
                    "form the clusters that you will see."
                ),
                html.Ol(links, className="nuwa-way"),
                dcc.Link(
                    "Start with the data", href=context.link("/data"), className="btn btn-primary btn-lg"
                ),
                more(
                    "What happens to my data?",
                    html.P(
                        "They stay on this server, in one folder; nothing is sent anywhere else. A training run "
                        "continues when you close the page. You find it again under Runs."
                    ),
                ),
            )
        ]
    )


def register(app, store):
    """Nothing happens here: the page is all links."""
