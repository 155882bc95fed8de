"""Facts of runs of every version open, and a missing field has its default."""

import json

from core.config.run_facts import Baselines, Parts, RunFacts

LOSSES = {
    "mean": {"total": 1.0, "rna": 1.0, "protein": None},
    "pca": {"total": 0.5, "rna": 0.5, "protein": None},
}
FIRST = {"n_cells": 240, "n_test": 0, "yardsticks": {"valid": LOSSES, "judges": LOSSES | {"pca_rna": 0.4}}}


def test_a_run_that_trains_has_no_loss_yet():
    facts = RunFacts.upgraded(FIRST)
    assert (
        facts.n_cells == 240 and facts.loss is None and facts.n_unseen_proteins == 0 and facts.happened == ()
    )
    assert facts.test_baselines == Baselines(Parts(1.0, 1.0), Parts(0.5, 0.5), 0.4)
    assert facts.valid_baselines.pca_rna is None


def test_the_loss_of_a_trained_run_has_its_parts():
    loss = {"total": 0.6, "rna": 0.6, "protein": None}
    assert RunFacts.upgraded(FIRST | {"loss": loss, "best_epoch": 3}).loss == Parts(0.6, 0.6)


def test_facts_are_written_as_the_first_version_wrote_them():
    facts = FIRST | {"loss": {"total": 0.6, "rna": 0.6, "protein": None}, "groups": ["a"]}
    record = RunFacts.upgraded(facts).record()
    assert record["yardsticks"]["valid"]["pca"] == LOSSES["pca"] and record["loss"] == facts["loss"]
    assert json.loads(json.dumps(record)) == record and RunFacts.upgraded(record).record() == record
    assert record["groups"] == ["a"] and "best_epoch" not in record


def test_a_run_before_its_first_epoch_has_no_facts():
    assert RunFacts.upgraded(None) is None and RunFacts.upgraded({}) is None
