"""What a tab that nobody sees asks less often: assets/77-hidden-tab.js names the polls of the pages."""

import re
from pathlib import Path

from dashboard import ids as frame
from dashboard.pages.admin import ids as admin
from dashboard.pages.compare import ids as compare
from dashboard.pages.runs import ids as runs
from dashboard.pages.search import ids as search
from dashboard.pages.train import ids as train

SCRIPT = Path(__file__).resolve().parents[2] / "assets" / "77-hidden-tab.js"


def test_the_polls_of_pages_that_people_leave_open_are_named():
    names = re.search(r"const POLLS = \[(.*?)\]", SCRIPT.read_text())[1]
    polls = [train.POLL, frame.ACTIVITY_TICK, compare.TICK, search.TICK, runs.TICK, admin.QUEUE_TICK]
    assert re.findall(r'"([^"]+)"', names) == polls
