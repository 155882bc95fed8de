"""axe-core in a tab: its serious and critical findings, in both themes."""

import pytest
from constants import ROOT

AXE = ROOT / ".axe" / "axe-4.14.1.min.js"
needs_axe = pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is not here: scripts/axe.sh fetches it from npm"
)
# Findings of other people's components that a page cannot change: (rule, part of the element's HTML, reason).
LISTED = ()
RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
    .filter(v => ["serious", "critical"].includes(v.impact))
    .flatMap(v => v.nodes.map(n => [v.id, n.target.join(" "), n.html.slice(0, 300), n.any.concat(n.all, n.none).map(c => c.message).join("; ")]))"""


def findings(page):
    """What axe says of the page as it is, without what is listed."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.add_script_tag(path=str(AXE))
    all = page.evaluate(RUN)
    return [one for one in all if not any(rule == one[0] and part in one[2] for rule, part, _ in LISTED)]


def in_both_themes(page, part="page"):
    """A line for each finding in the light or the dark theme; [] where there is none."""
    grave = {}
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme; }", theme)
        grave |= {tuple(one): f"{part}, {theme}" for one in findings(page)}
    return [f"{where}: {' | '.join(one)}" for one, where in grave.items()]
