"""Other clusterings: k-means, HDBSCAN, some cells anew, names by hand, and how steady a resolution is."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from core.analysis import clustering, leiden
from core.analysis.neighbors import find_neighbors
from core.errors import UserError
from core.figures import kept_colours
from core.store import Groups, Missing


@pytest.fixture(scope="module")
def blobs():
    """Four tight groups of 60 points in 5 dimensions."""
    return make_blobs(240, 5, centers=4, cluster_std=0.6, random_state=1)


def test_kmeans_and_hdbscan_find_groups_one_can_see(blobs):
    points, truth = blobs
    assert adjusted_rand_score(truth, clustering.kmeans(points, 4)) == 1
    found = clustering.hdbscan(points, 10)
    assert adjusted_rand_score(truth[found >= 0], found[found >= 0]) == 1 and (found >= 0).mean() > 0.8
    far = np.vstack([points, [[1e3] * 5]])
    assert clustering.hdbscan(far, 10)[-1] == -1
    with pytest.raises(UserError, match="2 to 240 clusters"):
        clustering.kmeans(points, 1)
    with pytest.raises(UserError, match="smallest cluster of 2"):
        clustering.hdbscan(points, 1)


def test_the_steadiest_resolution_is_the_one_that_finds_the_groups(blobs):
    points, truth = blobs
    graph = leiden.graph(find_neighbors(points))
    clusters = {r: leiden.leiden(graph, r) for r in (0.001, 0.2, 6.0)}
    *shares, found = clustering.steadiness(points, clusters, times=4)
    assert all(0 <= share < 1 for share in shares) and len(shares) == 12
    assert np.isnan(found.ari[0]) or found.n_clusters[0] > 1  # one cluster has no value
    assert found.ari[1] > 0.95 > found.ari[2] and found.resolutions[found.steadiest] == 0.2


def test_steadiness_has_no_answer_where_all_is_one_cluster():
    points = np.zeros((30, 2), np.float32)
    *_, found = clustering.steadiness(points, {1.0: np.zeros(30, int)}, times=2)
    assert found.steadiest is None and np.isnan(found.ari).all()


def test_naming_cells_renames_merges_and_splits():
    codes = np.array([0, 0, 1, 1, 2, -1])
    groups = Groups(["a", "b", "c"], codes, "")
    for rows, name, names, made in (
        (codes == 0, "T cells", ["T cells", "b", "c"], [0, 0, 1, 1, 2, -1]),  # rename: its place stays
        (np.isin(codes, (0, 1)), "b", ["b", "c"], [0, 0, 0, 0, 1, -1]),  # merge
        (np.isin(codes, (1, 2)), "new", ["a", "new"], [0, 0, 1, 1, 1, -1]),  # merge under another name
        (np.arange(6) == 0, "new", ["a", "b", "c", "new"], [3, 0, 1, 1, 2, -1]),  # split
    ):
        after = groups.renamed(rows, name)
        assert after.names == names and after.codes.tolist() == made
    assert groups.ahead(codes == 2, "x").codes.tolist() == [1, 1, 2, 2, 0, -1]


LARGE = Groups(["a", "b", "c"], np.repeat([0, 1, 2], [2, 5, 3]), "")
PALETTE = ["#aaaaaa", "#bbbbbb", "#cccccc"]


def colours_after(groups):
    return kept_colours(PALETTE, groups.predecessors(LARGE), groups.names)


@pytest.mark.parametrize(
    "old, new, names, colours",
    [
        (["b"], "B cells", ["a", "B cells", "c"], PALETTE),  # renamed
        (["b"], "a", ["a", "c"], ["#bbbbbb", "#cccccc"]),  # merged into a smaller one: colour of the largest
        (["a"], "b", ["b", "c"], ["#bbbbbb", "#cccccc"]),
        (["a", "c"], "x", ["b", "x"], ["#bbbbbb", "#cccccc"]),
        (["a", "b", "c"], "all", ["all"], ["#bbbbbb"]),
    ],
)
def test_renamed_groups_keep_place_and_colour_and_merged_ones_those_of_the_largest(old, new, names, colours):
    rows = np.isin(LARGE.codes, [LARGE.names.index(name) for name in old])
    after = LARGE.renamed(rows, new)
    assert after.names == names and colours_after(after) == dict(zip(names, colours, strict=True))


def test_a_group_that_is_split_off_is_the_last_and_has_an_unused_colour():
    rows = np.arange(10) < 5  # all of a and most of b
    after = LARGE.renamed(rows, "new")
    assert after.names == ["new", "b", "c"]  # the name of a is gone, b is still there
    part = LARGE.renamed(np.arange(10) == 3, "part")
    assert part.names == ["a", "b", "c", "part"]
    colours = colours_after(part)
    assert list(colours.values())[:3] == PALETTE and colours["part"] not in PALETTE


def kept(nuwa, title="mine"):
    groups = Groups(["x", "y"], np.arange(240) % 2, "by hand")
    return nuwa.view.clusterings.keep(nuwa.run, groups, "made", title)


def test_a_clustering_keeps_its_versions_with_author_and_time(finished):
    view, run = finished.view, finished.run
    line = kept(finished)
    groups = Groups(["T  cells ", "y"], np.arange(240) % 2, "by hand")
    assert view.clusterings.keep(run, groups, "named", line=line, colours={"T cells": "#112233"}) == line
    first, second = view.clusterings.history(run, line)
    assert first["author"] == second["author"] == "local" and first["created"] < second["created"]
    assert second["title"] == "mine" and second["colours"] == {"T cells": "#112233"}
    assert view.groups.one(run, second["groups"]).names == ["T cells", "y"]
    assert view.clusterings.undo(run, line) == line and view.clusterings.one(run, line)["what"] == "made"
    assert view.clusterings.undo(run, line) is None
    with pytest.raises(Missing, match="no longer exist"):
        view.clusterings.one(run, line)


def test_what_another_person_has_named_is_copied_and_not_changed(finished):
    finished.store.set("run", finished.run, visibility="shared")
    line = kept(finished, "theirs")
    other = finished.store.of("ada")
    groups = Groups(["z"], np.zeros(240, int), "by hand")
    copy = other.clusterings.keep(finished.run, groups, "named", line=line)
    assert copy != line and other.clusterings.one(finished.run, copy)["title"] == "theirs (ada)"
    assert finished.view.clusterings.one(finished.run, line)["what"] == "made"
    with pytest.raises(UserError, match="somebody else"):
        other.clusterings.undo(finished.run, line)
    for one in (line, copy):
        author = finished.view.clusterings.one(finished.run, one)["author"]
        finished.store.of(author).clusterings.undo(finished.run, one)
    finished.store.set("run", finished.run, visibility="private")


def test_names_and_colours_that_cannot_be_kept_are_refused(finished):
    for name, colours, words in (
        (" ", {}, "name is missing"),
        ("a" * 99, {}, "longer than 80"),
        ("ok", {"ok": "red"}, "six digits"),
    ):
        with pytest.raises(UserError, match=words):
            groups = Groups([name], np.zeros(240, int), "")
            finished.view.clusterings.keep(finished.run, groups, "made", "mine", colours=colours)


def test_jobs_cluster_by_another_method_and_some_cells_anew(finished):
    from core.worker.execute import drain

    view, run = finished.view, finished.run
    job = view.jobs.once("clusters", run, {"method": "kmeans", "value": 3})
    drain(finished.store)
    line = view.jobs.one(job["id"])["result"]["line"]
    made = view.clusterings.one(run, line)
    assert made["title"] == "k-means, 3 clusters"
    codes = np.array(view.groups.one(run, made["groups"]).codes)
    first = view.groups.keep(run, Groups(["0", "1", "2"], codes, "k-means").ahead(codes == 1, "1"))
    asked = {"method": "leiden", "value": 1.0, "among": first, "line": line, "title": ""}
    job = view.jobs.once("clusters", run, asked)
    drain(finished.store)
    assert view.jobs.one(job["id"])["result"] == {"line": line}, view.jobs.one(job["id"])["message"]
    after = view.groups.one(run, view.clusterings.one(run, line)["groups"])
    assert {"0", "2", "1.0"} <= set(after.names) and "1" not in after.names
    inside = np.isin(after.codes, [i for i, name in enumerate(after.names) if name.startswith("1.")])
    assert (inside == (codes == 1)).all()
    view.clusterings.undo(run, line), view.clusterings.undo(run, line)


def test_the_finest_resolution_within_one_standard_error_of_the_best_is_chosen():
    ari, error = np.array([0.9, 0.95, 0.93, 0.90]), np.array([0.3, 0.03, 0.01, 0.2])
    assert clustering._steadiest(ari, error) == 2  # 0.95 - 0.03 is below 0.93, above 0.90
    assert clustering._steadiest(ari, 0 * error) == 1 and clustering._steadiest(ari, 2 * error) == 3
    assert clustering._steadiest(np.array([np.nan, 0.5]), np.array([np.nan, 0.1])) == 1


def test_the_error_of_a_resolution_is_that_of_as_many_values_as_subsamples(blobs, monkeypatch):
    import sklearn.metrics

    values = iter(np.tile([0.1, 0.5, 0.9], 10))
    monkeypatch.setattr(sklearn.metrics, "adjusted_rand_score", lambda a, b: next(values))
    points, truth = blobs
    *_, found = clustering.steadiness(points, {1.0: truth}, times=3)
    assert found.ari[0] == pytest.approx(0.5)
    assert found.error[0] == pytest.approx(np.std([0.1, 0.5, 0.9]) / np.sqrt(3))
