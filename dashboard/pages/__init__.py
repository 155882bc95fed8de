"""One module a page: PATH, TITLE, layout(view, here) and register(app, store)."""
