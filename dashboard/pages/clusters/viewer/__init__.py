"""The viewer of cells: linked panels of embeddings, coloured alike, with one selection."""
