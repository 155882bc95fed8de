"""Fixtures of the worker's tests."""

import pytest

from core.data import demo


@pytest.fixture(scope="module")
def tiny_demo(tiny):
    """The tiny set as a demo of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(demo.DEMOS, "tiny", ("Tiny", lambda: tiny.copy()))
        yield
