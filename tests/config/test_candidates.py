"""Which candidates are tried, and which one is kept."""

import pytest

from core.config import RunConfig, parse
from core.config.candidates import Standing, best_of, candidates


def names(config, n_features=2000):
    return [candidate.name for candidate, _ in candidates(config, n_features)]


def test_the_candidates_differ_from_each_other_and_keep_the_other_settings():
    found = candidates(RunConfig(seed=5, n_top_genes=300, batch_key="donor"), 2000)
    assert [candidate.name for candidate, _ in found][:2] == ["default", "scaling exponent 0.5"]
    assert len({str(config.model_dump()) for _, config in found}) == len(found) == 7
    assert all((c.seed, c.n_top_genes, c.batch_key) == (5, 300, "donor") for _, c in found)
    assert {config.model for _, config in found} == {"citeseq", "variational", "counts"}


@pytest.mark.parametrize(
    "settings, missing",
    [
        ({"scale_exponent": 0.5}, "scaling exponent 0.5"),
        ({"gene_transform": "pearson"}, "Pearson residuals"),
        ({"n_latent": 10}, "10 latent dimensions"),
        ({"scale": False}, "scaling exponent 0.5"),
    ],
)
def test_what_is_set_already_is_tried_once(settings, missing):
    assert missing not in names(parse(settings)) and "default" in names(parse(settings))


def test_few_features_get_no_large_latent_space():
    assert "40 latent dimensions" not in names(RunConfig(), 60)
    assert "10 latent dimensions" in names(RunConfig(), 60)


def test_between_scales_of_the_genes_stability_decides_and_not_the_deviance():
    one = Standing("log 1", 0.0, 0.0, 0.80, 40)
    other = Standing("pearson 1", 0.0, 0.0, 0.80, 2)
    assert best_of([one, other]) == 0  # the earlier one, though it has more dimensions
    assert best_of([one, other._replace(consistency=0.85)]) == 1
    assert best_of([one, other._replace(consistency=0.95, below=0.1), other]) == 0


def test_the_kept_one_is_the_most_stable_of_those_level_with_the_best():
    best = Standing("log 1", 0.0, 0.0, 0.80, 40)
    level = Standing("log 1", 0.01, 0.02, 0.90, 20)
    worse = Standing("log 1", 0.10, 0.02, 0.99, 2)
    assert best_of([best, worse]) == 0
    assert best_of([worse, level, best]) == 1
    assert (
        best_of([level, level._replace(consistency=0.901, n_latent=10), best]) == 1
    )  # as stable, fewer dimensions
