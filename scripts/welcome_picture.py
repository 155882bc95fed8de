"""Draw assets/welcome.svg, the picture of the Welcome page: `python scripts/welcome_picture.py RUN_DIR`.

RUN_DIR is the folder of a run that was trained on the example: `python -m core train pbmc_citeseq --out RUN_DIR`.
Each point is a cell of the example at its place on the UMAP of the latent space, coloured by its label.
"""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from core.data import demo  # noqa: E402  after the path
from core.figures.theme import category_colours  # noqa: E402

WIDTH, HEIGHT, EDGE, RADIUS = 640, 400, 24, 2.2
FEWEST = 20  # cells of a type that gets its name written


def main(run):
    points = np.load(Path(run) / "embeddings" / "latent_umap.npy")
    labels = demo.pbmc_citeseq().obs["cell_type"].astype(str).to_numpy()
    low, high = points.min(axis=0), points.max(axis=0)
    places = (points - low) / (high - low) * (WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE) + EDGE
    places[:, 1] = HEIGHT - places[:, 1]
    names = sorted(set(labels), key=lambda name: -(labels == name).sum())
    groups, words = [], []
    for name, colour in zip(names, category_colours(len(names)), strict=True):
        here = places[labels == name]
        # One path for a type: a point is a line of no length with a round cap.
        path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in here)
        groups.append(f'<path stroke="{colour}" d="{path}"/>')
        if len(here) >= FEWEST:
            x, y = np.median(here, axis=0)
            words.append(f'<text x="{x:.0f}" y="{y:.0f}">{name}</text>')
    style = f'stroke-width="{2 * RADIUS}" stroke-linecap="round" fill="none" opacity="0.85"'
    text = (
        'font-family="Inter, sans-serif" font-size="15" font-weight="600" text-anchor="middle" fill="#1c2033" '
        'stroke="#ffffff" stroke-width="4" paint-order="stroke"'
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"<g {style}>{''.join(groups)}</g><g {text}>{''.join(words)}</g></svg>\n"
    )
    (ROOT / "assets" / "welcome.svg").write_text(svg)


if __name__ == "__main__":
    main(sys.argv[1])
