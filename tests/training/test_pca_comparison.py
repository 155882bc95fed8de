"""How a run stands beside PCA follows from differences and their errors."""

from core.training.pca_comparison import against_pca, noise_words, standing


def test_the_noise_of_a_small_test_set_is_said():
    assert noise_words(25).startswith(
        "25 test cells: the difference is within noise."
    ) and "So few" in noise_words(25)
    assert noise_words(2500) == "2,500 test cells: the difference is within noise."
    assert standing((0.1, 0.2)) == "level" and standing((-0.1, 0.01)) == "below"
    assert standing((0.1, None)) == "above"  # of earlier versions


def scores(**changed):
    values = {}
    for name, (ours, pca, error) in changed.items():
        values |= {
            name: ours,
            f"{name}_pca": pca,
            f"{name}_difference": ours - pca,
            f"{name}_difference_error": error,
        }
    return values


def test_what_pca_is_better_at_and_what_the_run_is_good_for():
    found = scores(variance_explained_rna=(0.30, 0.34, 0.01), neighbours_kept_15=(0.42, 0.31, 0.02))
    pca, run = against_pca(found | {"ilisi": 1.6, "ilisi_input": 1.1})
    assert pca == "PCA explains more of RNA (0.34 against 0.30)."
    assert run == (
        "This run keeps more neighbours (0.42 against 0.31) and mixes batches, which PCA does not (1.60 against 1.10): "
        "for that it is worth using."
    )


def test_a_run_that_is_better_at_nothing_says_that_pca_is_simpler():
    found = scores(variance_explained_rna=(0.30, 0.34, 0.01), neighbours_kept_15=(0.30, 0.41, 0.02))
    pca, run = against_pca(found)
    assert "keeps more neighbours (0.41 against 0.30)" in pca and "PCA is simpler and quicker" in run
    level = scores(variance_explained_rna=(0.30, 0.34, 0.01), neighbours_kept_15=(0.40, 0.41, 0.02))
    assert against_pca(level)[1].startswith("This run keeps as many neighbours as PCA")
    assert against_pca({}) == ("", "") and against_pca(None) == ("", "")
    assert "models the raw counts" in against_pca({}, reads_counts=True)[1]
