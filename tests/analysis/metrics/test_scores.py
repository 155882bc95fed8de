"""Scores are those of scikit-learn, or can be worked by hand."""

import math

import numpy as np
import pytest
from sklearn import metrics
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from core.analysis.metrics import scores
from core.config import RunConfig
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells

CONFIG = RunConfig(n_top_genes=0)


@pytest.fixture(scope="module")
def prepared(tiny):
    split = split_cells(tiny.n_obs, CONFIG)
    return split, prepare(tiny, CONFIG, split)


def by_hand(matrix, weights, points, rows, k):
    """Neighbours kept, the slow way: whole distance matrices in float64."""

    def near(x, row):
        distance = ((x - x[row]) ** 2).sum(axis=1)
        distance[row] = np.inf
        return set(np.argsort(distance, kind="stable")[:k])

    x = matrix.dense(np.arange(matrix.n_cells)).astype(np.float64) * weights
    points = points.astype(np.float64)
    return np.mean([len(near(x, row) & near(points, row)) / k for row in rows])


def test_variance_explained_is_one_minus_the_share_that_is_left():
    assert scores.variance_explained(0.25, 1.0) == 0.75
    assert scores.variance_explained(1.5, 1.0) == -0.5
    assert math.isnan(scores.variance_explained(0.1, 0.0))


@pytest.mark.parametrize("k", [3, 15])
def test_neighbours_kept_are_those_of_brute_force(prepared, k):
    split, matrix = prepared
    random = np.random.default_rng(0)
    weights = matrix.weights(CONFIG)
    space = (matrix.dense(np.arange(240)) * weights) @ random.standard_normal((126, 60)).astype(np.float32)
    noise = random.standard_normal((240, 6)).astype(np.float32)
    kept = scores.neighbours_kept(matrix, weights, {"space": space, "noise": noise}, split.valid, k)
    assert kept["space"] == pytest.approx(by_hand(matrix, weights, space, split.valid, k), abs=1e-6)
    assert kept["noise"] == pytest.approx(by_hand(matrix, weights, noise, split.valid, k), abs=1e-6)
    assert kept["space"] > kept["noise"] + 0.1


def test_the_input_itself_keeps_every_neighbour(prepared):
    split, matrix = prepared
    weights = matrix.weights(CONFIG)
    whole = matrix.dense(np.arange(240)) * weights
    assert scores.neighbours_kept(matrix, weights, {"x": whole}, split.valid)["x"] == pytest.approx(1.0)


def test_neighbours_are_found_across_block_borders(prepared, monkeypatch):
    split, matrix = prepared
    weights, points = matrix.weights(CONFIG), np.random.default_rng(0).standard_normal((240, 3))
    whole = scores.neighbours_kept(matrix, weights, {"x": points}, split.valid)
    monkeypatch.setattr("core.preprocessing.matrix.BLOCK", 7)
    assert scores.neighbours_kept(matrix, weights, {"x": points}, split.valid) == whole


def test_only_so_many_cells_are_queries_for_neighbours(prepared, monkeypatch):
    split, matrix = prepared
    monkeypatch.setattr(scores, "QUERIES", 10)
    queries, dense = [], type(matrix).dense
    monkeypatch.setattr(
        type(matrix), "dense", lambda self, rows: queries.append(len(rows)) or dense(self, rows)
    )
    scores.neighbours_kept(matrix, matrix.weights(CONFIG), {"x": np.eye(240)[:, :5]}, split.train)
    assert queries[0] <= 10


def test_duplicated_cells_and_tiny_sets_have_neighbours_too(tiny):
    few = tiny[np.r_[np.arange(10), [0, 0, 0, 0, 0, 0]]].copy()
    few.obs_names_make_unique()
    split = split_cells(16, CONFIG)
    matrix = prepare(few, CONFIG, split)
    kept = scores.neighbours_kept(matrix, matrix.weights(CONFIG), {"x": np.ones((16, 2))}, np.arange(16))
    assert kept["x"] == pytest.approx(1.0)  # of 16 cells each has 15 neighbours, whatever the space


def test_the_silhouette_is_that_of_scikit_learn():
    random = np.random.default_rng(0)
    points, labels = random.standard_normal((400, 5)), random.integers(0, 4, 400)
    points[:, 0] += 3 * labels
    expected = metrics.silhouette_score(points, labels)
    assert scores.silhouette(points, labels) == pytest.approx(expected)


def test_a_large_silhouette_is_sampled_and_seeded(monkeypatch):
    monkeypatch.setattr(scores, "SAMPLE", 100)
    random = np.random.default_rng(0)
    points, labels = random.standard_normal((400, 5)), random.integers(0, 3, 400)
    points[:, 0] += 5 * labels
    assert scores.silhouette(points, labels, 1) == scores.silhouette(points, labels, 1)
    assert scores.silhouette(points, labels, 1) != scores.silhouette(points, labels, 2)
    assert scores.silhouette(points, labels) == pytest.approx(
        metrics.silhouette_score(points, labels), abs=0.1
    )


@pytest.mark.parametrize("labels", [np.zeros(6, int), np.arange(6)])
def test_one_cluster_or_all_alone_have_no_silhouette(labels):
    assert math.isnan(scores.silhouette(np.eye(6), labels))


def test_agreement_is_that_of_scikit_learn():
    random = np.random.default_rng(0)
    labels, clusters = random.integers(0, 4, 300), random.integers(0, 5, 300)
    clusters[:150] = labels[:150]
    found = scores.agreement(labels, clusters)
    assert found["ari"] == pytest.approx(metrics.adjusted_rand_score(labels, clusters))
    assert found["nmi"] == pytest.approx(metrics.normalized_mutual_info_score(labels, clusters))
    assert found["ami"] == pytest.approx(metrics.adjusted_mutual_info_score(labels, clusters))
    assert 0.1 < found["ari"] < 1


def test_other_names_for_the_same_groups_agree_wholly():
    assert scores.agreement(["B", "B", "T", "T"], [1, 1, 0, 0]) == {"ari": 1.0, "nmi": 1.0, "ami": 1.0}


def test_cells_without_a_label_are_left_out():
    labels = np.array(["B", "B", "T", "T", "nan", "", "nan"], dtype=object)
    assert scores.agreement(labels, [0, 0, 1, 1, 1, 1, 0])["ari"] == 1.0


def test_no_label_at_all_gives_no_number():
    found = scores.agreement(["nan", "", "nan"], [0, 1, 2])
    assert set(found) == {"ari", "nmi", "ami"} and all(map(math.isnan, found.values()))


def test_shuffled_labels_of_few_cells_have_an_nmi_and_no_ami():
    random = np.random.default_rng(0)
    found = [scores.agreement(random.integers(0, 8, 35), random.integers(0, 8, 35)) for _ in range(40)]
    assert np.mean([f["nmi"] for f in found]) > 0.25 and abs(np.mean([f["ami"] for f in found])) < 0.03


def test_knn_accuracy_looks_for_more_neighbours_where_those_known_do_not_suffice():
    random = np.random.default_rng(3)
    labels = random.choice(["a", "b", ""], 300, p=[0.2, 0.2, 0.6])
    points = random.standard_normal((300, 4)).astype(np.float32) + (labels == "a")[:, None]
    rows = np.arange(0, 300, 2)
    expected = scores.knn_accuracy(points, labels, rows)
    for k in (3, 20, 299):
        assert scores.knn_accuracy(points, labels, rows, around=scores.near(points, rows, k)) == expected


def test_shared_neighbours_are_the_jaccard_index_worked_by_hand():
    line = np.arange(6, dtype=np.float32)[:, None]
    other = np.array([0, 1, 5, 3, 4, 2], dtype=np.float32)[:, None]  # cells 2 and 5 have changed places
    # The two nearest of cell 0: {1, 2} and {1, 5}, one of three shared; of cell 4: {3, 5} and {3, 2}, the same.
    assert scores.shared_neighbours(line, other, np.array([0, 4]), k=2) == pytest.approx(1 / 3)
    assert scores.shared_neighbours(line, 7 * line + 1, np.arange(6), k=2) == 1.0


def test_knn_accuracy_is_that_of_scikit_learn():
    random = np.random.default_rng(0)
    labels = random.choice(["a", "b", "c"], 300, p=[0.5, 0.3, 0.2])
    points = random.standard_normal((300, 4)).astype(np.float32) + (labels == "a")[:, None]
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    votes = cross_val_predict(KNeighborsClassifier(15, algorithm="brute"), points, labels, cv=folds)
    assert scores.knn_accuracy(points, labels) == pytest.approx((votes == labels).mean())
    rows = np.arange(0, 300, 7)
    assert scores.knn_accuracy(points, labels, rows) == pytest.approx((votes == labels)[rows].mean())


def test_knn_accuracy_leaves_out_cells_without_a_label_and_labels_of_a_handful():
    points = np.repeat(np.eye(2, dtype=np.float32), 40, axis=0)
    labels = np.array(["a"] * 40 + ["b"] * 40, dtype=object)
    assert scores.knn_accuracy(points, labels) == 1.0
    labels[:3], labels[40:43] = "", "rare"
    assert scores.knn_accuracy(points, labels) == 1.0
    assert math.isnan(scores.knn_accuracy(points, ["one"] * 80))
    assert math.isnan(scores.knn_accuracy(points, labels, rows=np.array([0, 1])))
