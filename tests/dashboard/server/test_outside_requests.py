"""No page, style or script asks a host other than this server: only links that a person follows lead outside."""

import json
import re
from pathlib import Path

import pytest
from app_under_test import sent

from dashboard.shell import PAGES

ROOT = Path(__file__).resolve().parents[3]
OUTSIDE = re.compile(r"(?:https?:)?//[\w.-]+\.[a-z]{2,}")
LINKS = {"A", "Link", "NavLink"}  # components whose address a browser asks for when a person clicks
# What a browser loads by itself: properties of components, styles, calls in scripts.
LOADS = ("src", "srcSet", "data", "poster", "action", "background", "href")
IN_STYLES = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""")
IN_SCRIPTS = re.compile(
    r"""(?:fetch|import|open|importScripts|Worker|EventSource|WebSocket|sendBeacon)\(\s*["'`]((?:https?:|wss?:)?//[^"'`]+)"""
    r"""|\.(?:src|href)\s*=\s*["'`]((?:https?:)?//[^"'`]+)"""
)


def loaded(component):
    """The outside addresses that a browser asks for when it draws a component."""
    if isinstance(component, list):
        return [address for one in component for address in loaded(one)]
    if not isinstance(component, dict):
        return []
    props = component.get("props", {}) if "type" in component else component
    addresses = [
        value
        for name, value in props.items()
        if name in LOADS
        and isinstance(value, str)
        and OUTSIDE.match(value)
        and not (name == "href" and component.get("type") in LINKS)
    ]
    style = json.dumps(props.get("style") or {})
    return addresses + IN_STYLES.findall(style) + [a for value in props.values() for a in loaded(value)]


def test_the_scan_finds_what_a_browser_would_load():
    image = {"type": "Img", "namespace": "html", "props": {"src": "https://example.org/a.png"}}
    link = {"type": "A", "namespace": "html", "props": {"href": "https://doi.org/1"}}
    sheet = {"type": "Link", "namespace": "other", "props": {"style": {"background": "url(//example.org/b)"}}}
    page = {"type": "Div", "props": {"children": [image, {"type": "P", "props": {"children": link}}, sheet]}}
    assert loaded(page) == ["https://example.org/a.png", "//example.org/b"]
    assert IN_STYLES.findall('@import "https://fonts.example.org/css";') == ["https://fonts.example.org/css"]
    assert IN_SCRIPTS.search('fetch("https://example.org")') and not IN_SCRIPTS.search('fetch("/health")')


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.PATH)
def test_a_page_loads_nothing_from_outside(finished, page):
    answer = finished.press(
        "content.children", {"url.pathname": page.PATH, "url.search": f"?run={finished.run}"}
    )
    assert '"type"' in sent(answer)  # components were sent
    assert loaded(list(answer.values())) == []


def test_the_frame_and_the_index_load_nothing_from_outside(finished):
    assert loaded(json.loads(finished.client.get("/_dash-layout").text)) == []
    index = finished.client.get("/").text
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", index)


def files(*endings):
    return sorted(path for path in (ROOT / "assets").rglob("*") if path.suffix in endings)


@pytest.mark.parametrize("path", files(".css"), ids=lambda path: path.name)
def test_a_style_loads_nothing_from_outside(path):
    assert IN_STYLES.findall(path.read_text()) == []


@pytest.mark.parametrize("path", files(".js"), ids=lambda path: path.name)
def test_a_script_asks_no_outside_host(path):
    assert [match for match in IN_SCRIPTS.findall(path.read_text()) if any(match)] == []
