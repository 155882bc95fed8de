"""Who may come in, and the routes that are not pages."""
