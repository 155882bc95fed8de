"""The key that signs sessions: made once, by whoever is first, and never empty."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import UserError
from dashboard.server.session import read_signed, secret, signed


def test_processes_that_start_together_share_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret(tmp_path), range(32)))
    assert len(keys) == 1 and len(keys.pop()) == 64
    assert os.listdir(tmp_path) == ["secret"]


def test_only_the_owner_reads_the_key(tmp_path):
    secret(tmp_path)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_an_empty_key_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "secret").touch()
    with pytest.raises(UserError, match="is empty. Delete it"):
        secret(tmp_path)


def test_a_signed_user_is_read_back(tmp_path):
    assert read_signed(tmp_path, signed(tmp_path, "ada")) == "ada"
