"""Definitions for the prose of a whole page: each technical term becomes a link with its definition, once."""

from dash.development.base_component import Component

from dashboard.components.widgets import with_terms

PROSE = ("P", "Li")  # components whose text is prose; so is that of the classes below
CLASSES = {"help", "nuwa-notice"}
# Text that is no prose: a name, a button, a heading, or a link already.
OTHER = {"A", "Button", "Code", "Label", "Link", "Markdown", "Option", "Pre", "Summary", "Table", "Textarea"}
OTHER |= {f"H{level}" for level in range(1, 7)}
TERM = "nuwa-term"


def explain(layout):
    """The layout, in whose prose each technical term that is no `term` yet is one at its first place."""
    _explain(layout, set(anchors(layout)), False)
    return layout


def anchors(layout):
    """The anchors of the terms that a layout explains."""
    for part in _parts(layout):
        if getattr(part, "className", None) == TERM:
            yield part.href.partition("#")[2]


def _parts(layout):
    for part in layout if isinstance(layout, list | tuple) else [layout]:
        if isinstance(part, Component):
            yield part
            yield from part._traverse()


def _explain(node, seen, is_prose):
    """Change the text of a component, or of a list of them, in its place."""
    for part in node if isinstance(node, list | tuple) else [node]:
        if not isinstance(part, Component) or type(part).__name__ in OTHER:
            continue
        children = getattr(part, "children", None)
        inside = is_prose or _is_prose(part)
        if inside and children is not None:
            children = children if isinstance(children, list | tuple) else [children]
            part.children = children = [one for child in children for one in _linked(child, seen)]
        if children is not None:
            _explain(children, seen, inside)


def _is_prose(part):
    return type(part).__name__ in PROSE or bool(
        CLASSES & set((getattr(part, "className", None) or "").split())
    )


def _linked(child, seen):
    """The parts of a child, which is text or a component."""
    if not isinstance(child, str):
        return [child]
    parts = with_terms(child, seen)
    seen.update(anchors(parts))
    return parts
