"""python -m core inspect FILE says what a file holds, and whether it can be trained on."""

import json
import subprocess
import sys

import formats
import numpy as np
import pandas as pd
import pytest
from constants import ROOT
from simulated import hashtag_counts

from core.cli import MISTAKE, main
from core.data import checks


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return formats.h5ad(formats.counts(), tmp_path_factory.mktemp("file"))


def test_the_findings_are_a_table(file, capsys):
    assert main(["inspect", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "30 cells, 20 genes, 4 proteins; trains on raw counts (X)."
    assert any(line.startswith("warning  There are only 30 cells") for line in lines)
    assert any(line.startswith("note     X holds raw counts") for line in lines)
    assert all(len(line) <= 130 for line in lines)


def test_the_report_is_json_on_request(file, capsys):
    assert main(["inspect", "--json", str(file)]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["cells"], record["counts_where"]) == (30, "X")
    assert {"severity", "sentence", "evidence"} <= set(record["findings"][0])


def test_a_finding_that_forbids_training_ends_with_1(file, monkeypatch, capsys):
    class Stopped:
        repairs = ()

        def record(self):
            stop = {"severity": "stop", "sentence": "Nothing can be learned.", "evidence": "seen"}
            return {"cells": 1, "genes": 1, "proteins": [], "trains_on": "nothing", "findings": [stop]}

    monkeypatch.setattr(checks, "examine", lambda adata: Stopped())
    assert main(["inspect", str(file)]) == 1
    assert "STOP     Nothing can be learned.\n           seen" in capsys.readouterr().out


def test_missing_values_are_findings_and_end_with_1(tmp_path, capsys):
    adata = formats.counts()
    adata.X = adata.X.astype(float)
    adata.X[7, 3] = float("nan")
    path = formats.h5ad(adata, tmp_path)
    assert main(["inspect", str(path)]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "STOP 1 value of X is missing (NaN) or infinite, for example gene" in told
    assert main(["inspect", "--json", str(path)]) == 1
    record = json.loads(capsys.readouterr().out)
    assert [f["code"] for f in record["findings"] if f["severity"] == "stop"] == ["not-finite"]
    assert {"drop_not_finite", "zero_not_finite"} <= set(record["repairs_offered"])


def test_a_mistake_is_one_sentence_and_2(tmp_path, capsys):
    (tmp_path / "torn.h5ad").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(90))
    assert main(["inspect", str(tmp_path / "torn.h5ad")]) == MISTAKE
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("'torn.h5ad' is damaged") and told.err.count("\n") == 1


def test_questions_name_the_option_that_answers_them(tmp_path, capsys):
    path = formats.tenx_h5(formats.counts(), tmp_path, 2, ("GRCh38", "mm10"))
    assert main(["inspect", str(path)]) == MISTAKE
    assert "--genome NAME (GRCh38, mm10)" in capsys.readouterr().err
    assert main(["inspect", str(path), "--genome", "mm10"]) == 0
    nameless = formats.counts()
    nameless.obs_names, nameless.var_names = [f"s{i}x" for i in range(30)], [f"v{i}x" for i in range(20)]
    table = formats.table(nameless, tmp_path)
    assert main(["inspect", str(table)]) == MISTAKE
    assert "--transpose (rows are genes) or --no-transpose" in capsys.readouterr().err
    assert main(["inspect", str(table), "--transpose"]) == 0
    assert "20 cells, 30 genes" in capsys.readouterr().out


def test_second_files_are_joined(tmp_path, capsys):
    both = formats.counts()
    both.obsm["protein"].astype(int).to_csv(tmp_path / "adt.csv")
    both.obs.to_csv(tmp_path / "labels.csv")
    words = ["--proteins", str(tmp_path / "adt.csv"), "--annotations", str(tmp_path / "labels.csv"), "--json"]
    assert main(["inspect", str(formats.loom(both, tmp_path)), *words]) == 0
    record = json.loads(capsys.readouterr().out)
    assert len(record["proteins"]) == 4 and "group_2" in [column["name"] for column in record["columns"]]


@pytest.mark.slow
def test_whoever_reads_only_the_first_lines_sees_no_traceback(file):
    words = f"{sys.executable} -m core inspect --json {file} | head -1"
    done = subprocess.run(words, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout == "{\n" and done.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["pbmc3k.h5ad", "formats/citeseq.h5mu", "formats/rna.zarr.zip", "formats/rna.loom"]
)
def test_real_files_are_inspected(real_data, name, capsys):
    assert main(["inspect", str(real_data(name))]) == 0
    assert "note     X holds raw counts" in capsys.readouterr().out


def test_a_repair_is_named_beside_its_finding_and_carried_out_first(tmp_path, capsys):
    counts, _ = hashtag_counts(3, cells=30 * 20)
    adata = formats.counts()[np.arange(600) % 30].copy()
    adata.obs_names = [f"c{i}" for i in range(600)]
    adata.obsm["HTO"] = pd.DataFrame(counts.astype(np.float32), adata.obs_names, ["HTO-1", "HTO-2", "HTO-3"])
    path = formats.h5ad(adata, tmp_path)
    main(["inspect", str(path)])
    assert "Repair: --repair assign_hashtags" in capsys.readouterr().out
    main(["inspect", "--json", str(path), "--repair", "assign_hashtags", "--repair", "drop_hashtag_doublets"])
    record = json.loads(capsys.readouterr().out)
    assert record["cells"] < 600
    assert {"hashtag_sample", "hashtag_class"} <= {column["name"] for column in record["columns"]}
    assert main(["inspect", str(path), "--repair", "wish"]) == MISTAKE
    assert "There is no repair 'wish'. Choose one of transpose, use_raw" in capsys.readouterr().err
