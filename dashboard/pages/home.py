"""The first page: what this is, and the way through it."""

from dash import dcc, html

from dashboard.components.widgets import card, more

PATH, TITLE = "/", "Welcome"

STEPS = (
    (
        "/data",
        "Data",
        "Choose a dataset that is here, or bring a file of your own. Nuwa says what it holds.",
    ),
    ("/preprocess", "Preprocess", "Normalise, choose variable genes, scale. The recommended steps are on."),
    (
        "/model",
        "Create model",
        "A Citeseq autoencoder: RNA and protein squeezed into one small latent space.",
    ),
    ("/train", "Train", "Watch the loss fall, with two baselines beside it. Close the tab if you like."),
    ("/clusters", "Clusters", "See the latent space beside PCA, t-SNE and UMAP, score it, and take it away."),
)


def layout(view, here):
    links = [
        html.Li(
            [
                dcc.Link(title, href=here.link(path), className="fw-semibold"),
                html.Div(words, className="help"),
            ]
        )
        for path, title, words in STEPS
    ]
    return html.Div(
        [
            card(
                "Train an autoencoder on your own cells",
                html.P(
                    "An autoencoder learns to describe each cell by a handful of numbers from which it can rebuild "
                    "the thousands it was given. Cells with like descriptions are alike: that is the latent space, "
                    "and its groups are the clusters you will see."
                ),
                html.Ol(links, className="nuwa-way"),
                dcc.Link("Start with the data", href=here.link("/data"), className="btn btn-primary btn-lg"),
                more(
                    "What happens to my data?",
                    html.P(
                        "It stays on this server, in one folder, and nothing is sent anywhere else. A training run "
                        "goes on when you close the page; come back and it is found again under Runs."
                    ),
                ),
            )
        ]
    )


def register(app, store):
    """Nothing happens here: the page is all links."""
