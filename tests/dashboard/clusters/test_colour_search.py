"""What the picker of colours offers: groups in a fixed order, the best match first, features that say what they are."""

import pytest
from app_under_test import sent

from dashboard.components.picker import picker
from dashboard.pages.clusters import colour_search
from dashboard.pages.clusters.colour_search import FIRST, colour_groups
from dashboard.pages.clusters.viewer.pickers import embedding_groups

NAMES = {
    "protein": ["CD3", "CD20_TotalSeqB", "CD8"],
    "gene": ["CD3G", "CD3E", "CD3D", "CD30", "MS4A1", *(f"SIM-{i}" for i in range(30))],
}


@pytest.fixture
def blood(finished, monkeypatch):
    """A view and its run, in which genes and proteins have names of blood."""
    monkeypatch.setattr(colour_search, "_names", lambda view, run: NAMES)
    return finished.view, finished.view.runs.one(finished.run)


def found(blood, text="", recent=()):
    groups = colour_groups(*blood, text, recent)
    return {one["title"]: [o["value"] for o in one["options"]] for one in groups}


def test_groups_stand_in_a_fixed_order_before_anything_is_typed(blood):
    groups = found(blood)
    assert list(groups) == ["Clusters", "Metadata", "Proteins", "Genes", "Latent dimensions"]
    assert groups["Clusters"][0] == "clusters" and "obs:cell_type" in groups["Metadata"]
    assert len(groups["Genes"]) == FIRST


def test_cd3_finds_its_three_genes_and_the_antibody(blood):
    groups = found(blood, "cd3")
    assert groups["Proteins"] == ["protein:CD3"]
    assert groups["Genes"] == ["gene:CD3E", "gene:CD3D", "gene:CD3G", "gene:CD30"]
    assert list(groups) == ["Proteins", "Genes"]  # the exact match first


def test_a_gene_finds_the_antibody_against_it_and_the_other_way_round(blood):
    for text in ("MS4A1", "cd20"):
        assert found(blood, text) == {"Proteins": ["protein:CD20_TotalSeqB"], "Genes": ["gene:MS4A1"]}
    assert list(found(blood, "ms4a1")) == ["Genes", "Proteins"]


@pytest.mark.parametrize(
    ("text", "kind"), [("cd3 protein", "Proteins"), ("CD3 (gene)", "Genes"), ("CD3 adt", "Proteins")]
)
def test_a_last_word_says_which_kind_is_meant(blood, text, kind):
    assert list(found(blood, text)) == [kind]


def test_a_feature_that_is_both_says_which(blood):
    labels = [o["label"] for one in colour_groups(*blood, "cd3") for o in one["options"]]
    assert labels[:2] == ["CD3 (protein)", "CD3E (gene)"]


def test_recent_choices_come_first_and_only_those_that_are_there(blood):
    recent = [
        "gene:CD3G",
        "protein:gone",
        "obs:cell_type",
        "obs:gone",
        "made:gone",
        "mean:CD3D,CD3G",
        "mean:CD3D,XYZ",
    ]
    assert found(blood, "", recent)["Recent"] == ["gene:CD3G", "obs:cell_type", "mean:CD3D,CD3G"]
    assert "Recent" not in found(blood, "cd3", recent)
    assert found(blood, "cd3", recent)["Genes"][:3] == [
        "gene:CD3E",
        "gene:CD3G",
        "gene:CD3D",
    ]  # within its rank


def test_the_note_says_how_many_genes_are_found_by_typing(finished):
    answer = finished.client.get(f"/cells/{finished.run}/options/colours").json
    genes = answer["groups"][-2]
    assert genes["title"] == "Genes" and genes["note"].endswith("more genes: type to search")
    assert finished.client.get("/cells/nowhere/options/colours").status_code == 404


def test_embeddings_are_found_by_words_and_by_two_numbers(finished):
    run = finished.view.runs.one(finished.run)
    first, *_ = embedding_groups(finished.view, run, "latent 3 1")
    assert first["options"][0]["value"] == "latent:3,1"
    again, *_ = embedding_groups(finished.view, run, "", ["pca", "gone"])
    assert again["title"] == "Recent" and [one["value"] for one in again["options"]] == ["pca"]


def test_a_picker_is_a_dropdown_of_its_id_with_its_address():
    shown = sent(picker("colour", {"a": "A"}, "a", source="/here", recent="colour-1"))
    assert '"id": "colour"' in shown and '"data-source": "/here"' in shown and '"label": "A"' in shown
