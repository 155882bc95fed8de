"""The arguments of jobs are frozen records, and those of earlier versions open."""

import json

import pytest
from pydantic import ValidationError

from core.config.job_arguments import (
    ARGUMENTS,
    Arguments,
    MapArguments,
    ReadArguments,
    SettingsArguments,
    StepsArguments,
    arguments_of,
)
from core.errors import UserError
from core.worker.job_kinds import KINDS

FIRST = {  # what the first version wrote of each kind
    "read": {"path": "/u/a.h5ad", "names": {"/u/a.h5ad": "cells.h5ad"}},
    "steps": {"of": "x", "steps": [{"name": "filter_genes", "params": {}}], "replaces": None},
    "recommended": {"batch_key": None},
    "recipe": {"dataset": "x", "steps": [], "settings": {"scale": True}},
    "look": {"samples": [{"dataset": "x", "name": "a"}, {"dataset": "y", "name": "b"}], "batch": "sample"},
    "join": {"samples": [{"dataset": "x", "name": "a"}, {"dataset": "y", "name": "b"}], "batch": "sample"},
    "prepare": {},
    "genes": {"n_top_genes": 2000, "hvg_flavor": "seurat"},
    "proteins": {"transform": "clr"},
    "forecast": {"n_latent": 10},
    "train": {"seed_of": "first"},
    "explore": {},
    "embed": {"name": "latent_tsne"},
    "labels": {"column": "cell_type", "resolution": 1},
    "spaces": {"labels": None, "batches": "sample", "resolution": 1.0},
    "explained": {},
    "cell_scores": {},
    "stability": {"runs": ["a", "b"]},
    "profile": {"cluster": 0, "resolution": 1.0},
    "bundle": {
        "by": "clusters",
        "resolution": 1.0,
        "parts": ["h5ad"],
        "denoised": False,
        "size": [180, 120, 300],
    },
    "verify": {},
    "meaning": {},
    "markers": {"groups": "f" * 24},
    "steadiness": {},
    "clusters": {"method": "kmeans", "value": 3},
    "select": {"of": "x", "of_name": "X", "run": "r", "run_name": "R", "words": "by hand", "groups": "f"},
    "map": {"dataset": "x", "groups": "f", "title": "Leiden", "batch": None, "key": "k"},
    "map_export": {"key": "k", "threshold": 0.5},
}


def test_every_kind_with_arguments_is_a_kind_of_job():
    assert set(ARGUMENTS) | set(FIRST) <= set(KINDS)


@pytest.mark.parametrize("kind", FIRST)
def test_arguments_of_the_first_version_open_and_are_written_whole(kind):
    arguments = arguments_of(kind, FIRST[kind])
    record = json.loads(json.dumps(arguments.record()))
    assert arguments_of(kind, record) == arguments_of(kind, arguments) == arguments
    read_again = record["settings"] if kind in ("genes", "forecast") else record
    assert {name: read_again[name] for name in FIRST[kind]} == FIRST[kind]


def test_a_missing_value_has_its_default_and_an_unknown_one_is_left_out():
    assert arguments_of("train") == arguments_of("train", {"seed_of": None, "speed": 3})
    assert arguments_of("a kind of another version", {"name": 1}) == Arguments()


def test_a_value_that_does_not_fit_is_refused_in_a_sentence():
    with pytest.raises(UserError, match=r"\(steps: Field required\)\. Reload the page, then try again\."):
        StepsArguments(of="x")
    with pytest.raises(UserError, match="resolution"):
        arguments_of("labels", {"column": "cell_type", "resolution": [1]})


def test_arguments_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        MapArguments.upgraded(FIRST["map"]).key = "other"


def test_the_files_of_a_dataset_are_its_own_and_the_second_one():
    first = ReadArguments(path="/u/a.h5ad")
    both = ReadArguments(path="/u/a.h5ad", annotations="/u/b.csv")
    assert first.is_plain and first.files == ["/u/a.h5ad"]
    assert not both.is_plain and both.files == ["/u/a.h5ad", "/u/b.csv"]
    assert both.second_files == {"annotations": "/u/b.csv"}
    assert not ReadArguments(path="/u/a.h5ad", answers={"genome": "mouse"}).is_plain
    assert not ReadArguments(demo="simulated").is_plain


def test_settings_that_the_first_version_wrote_flat_are_the_same():
    flat = {"n_top_genes": 2000, "settings": 1}
    assert SettingsArguments.upgraded({"n_top_genes": 2000}).settings == {"n_top_genes": 2000}
    assert SettingsArguments.upgraded(flat).settings == flat
    assert SettingsArguments.upgraded({"settings": {"n_latent": 4}}).settings == {"n_latent": 4}
