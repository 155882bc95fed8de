"""One module a page: PATH, TITLE, layout(view, context) and register(app, store)."""
