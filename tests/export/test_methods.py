"""The methods paragraph follows the settings of a run and names its sources."""

import pytest

from core.config import RunConfig
from core.export import methods
from core.export.references import REFERENCES, cited


def facts_of(run, **more):
    return run["facts"] | more


def test_the_methods_paragraph_gives_the_settings_and_names_its_sources(finished):
    run = finished.view.runs.one(finished.run)
    data = finished.view.datasets.one(run["dataset"])["record"]
    config = RunConfig(**run["config"])
    steps = [{"name": "score_doublets", "said": "Scored 240 cells."}]
    paragraph = methods.paragraph(
        config,
        run["facts"],
        data,
        steps,
        "Leiden (Traag 2019)",
        "genes: log1p",
        True,
        {"nuwa": "1", "torch": "2"},
    )
    for included in (
        "240 cells",
        "Scrublet",
        "(Stoeckius 2017)",
        "3 epochs",
        "minibatches of 64 cells",
        "seed 0",
        "Nuwa 1",
    ):
        assert included in paragraph
    assert f"{run['facts']['loss']['total']:.4f}" in paragraph and "negative binomial" not in paragraph
    sources = cited(paragraph)
    assert len(sources) > 8 and all("." in source for source in sources)
    # Every source that stands in brackets is in the list.
    named = {part.strip() for bracket in _brackets(paragraph) for part in bracket.split(";")}
    dated = {name.split(", ")[-1] for name in named if name[-4:].isdigit() and name[-5] == " "}
    assert dated and dated <= set(REFERENCES)


def _brackets(text):
    import re

    return re.findall(r"\(([^()]*\d{4})\)", text)


@pytest.mark.parametrize(
    "values, included, excluded",
    [
        ({"split_by": "sample"}, ("whole groups of sample were held out",), ("single cells",)),
        (
            {"split_share": 0.7},
            (
                "binomial thinning (Batson 2019; Neufeld 2023)",
                "saw 70% of the molecules",
                "Proteins were not divided",
            ),
            ("likelihood",),
        ),
        ({"target": "whole"}, ("minimising the mean squared error (weighted",), ("thinning",)),
        ({"model": "counts"}, ("negative binomial", "Gayoso 2021", "a KL weight of 1"), ("Svensson",)),
        (
            {"model": "linear"},
            ("linear decoder (Svensson 2020", "units (8 for protein) before 4 latent"),
            ("negative binomial",),
        ),
        (
            {"normalize": False, "log1p": False, "scale": False},
            ("Values were used without normalisation",),
            ("unit variance",),
        ),
        (
            {"protein_transform": "dsb", "schedule": "cosine"},
            ("Mulè 2022", "along a cosine"),
            ("Smith 2019",),
        ),
        ({"optimizer": "sgd", "norm": "none", "patience": 5}, ("momentum 0.9", "after 5 epochs"), ("Ioffe",)),
    ],
)
def test_the_methods_paragraph_follows_the_settings(finished, values, included, excluded):
    run = finished.view.runs.one(finished.run)
    data = finished.view.datasets.one(run["dataset"])["record"]
    config = RunConfig(**(run["config"] | values))
    paragraph = methods.paragraph(config, run["facts"], data)
    assert all(word in paragraph for word in included) and not any(word in paragraph for word in excluded)


def test_variable_genes_are_described_with_their_method(finished):
    run = finished.view.runs.one(finished.run)
    data = finished.view.datasets.one(run["dataset"])["record"]
    config = RunConfig(**(run["config"] | {"n_top_genes": 50, "hvg_batch_key": "sample", "drop_mito": True}))
    paragraph = methods.preparation(config, facts_of(run, n_genes=50, notes=[]), data)
    assert "The 50 most variable genes" in paragraph and "Stuart 2019" in paragraph
    none = {"n_top_genes": 0, "drop_genes": "A B", "protein_transform": "none"}
    told_of_all = methods.preparation(RunConfig(**(run["config"] | none)), run["facts"], data)
    assert "express were used; 2 named genes were excluded." in told_of_all
    assert "The values of 6 proteins were used without a transform" in told_of_all
    assert "within each value of sample" in paragraph and "mitochondrial genes were excluded" in paragraph
