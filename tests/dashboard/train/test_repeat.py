"""A run is repeated from its Train page, and compared bit for bit."""

import numpy as np
from app_under_test import sent

from core import files
from core.cli import main


def test_a_repeat_is_the_same_and_a_changed_result_is_said_by_how_much(finished):
    values = {"run.data": finished.run, "repeat-go.n_clicks": 1}
    answer = finished.work("repeat", values, "repeat-go.n_clicks")
    shown = sent(
        finished.press("repeat-result.children", {"repeat-done.data": answer["repeat-done"]["data"]})
    )
    assert "The same: latent space, losses and clusters are equal to the last bit." in shown
    assert "zip" not in shown


def test_the_command_line_repeats_a_run_of_the_server(finished, monkeypatch, capsys):
    monkeypatch.setenv("NUWA_DATA_DIR", str(finished.store.root))
    path = finished.store.run_folder(finished.run) / "latent.npy"
    before = np.array(files.read_array(path))
    try:
        files.write_array(path, before + np.float32(0.5))
        assert main(["verify", finished.run]) == 1
    finally:
        files.write_array(path, before)
    said = capsys.readouterr().out
    assert "Not the same to the last bit" in said and "values differ by 0.5 on average" in said
    assert "Losses: equal in all 3 epochs." in said
