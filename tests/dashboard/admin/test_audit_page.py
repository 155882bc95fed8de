"""The audit log of the Administration page: its filters, and days that cannot be read."""

import pytest
from app_under_test import sent

from dashboard.pages.admin import audit


def shown(nuwa, **fields):
    """What the page is answered after the filters were left with these values."""
    return nuwa.press(
        "admin-audit.children", {f"admin-audit-{name}.value": value for name, value in fields.items()}
    )


@pytest.mark.parametrize("day", ["2026-1-41", "31.01.2026", "yesterday", "2026"])
def test_a_day_that_cannot_be_read_is_no_filter_and_says_so(bare, day):
    answer = shown(bare, since="2026-01-31", until=day)
    assert set(answer) == {"admin-audit-since-error", "admin-audit-until-error"}
    assert answer["admin-audit-since-error"]["children"] == ""
    assert answer["admin-audit-until-error"]["children"] == f"'{day}' is no date. Enter it as 2026-01-31."
    assert bare.client.get(f"/admin/audit.csv?since={day}").status_code == 400


def test_days_that_can_be_read_filter_the_list(bare):
    bare.store.audit.record("local", "rename", "dataset", "d", "cells")
    answer = shown(bare, since=" 2026-01-31 ", until="")
    assert "admin-audit" in answer and answer["admin-audit-since-error"]["children"] == ""
    assert "No row fits." in sent(shown(bare, until="2001-01-01"))
    assert audit.day_error(None) == audit.day_error("  ") == ""
