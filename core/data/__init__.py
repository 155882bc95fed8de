"""Files of any kind to an AnnData in normal form, what it holds in words, and data sets to start with."""

# The data sets that come along: name -> the title it is shown under. Here, so that a light process can list them.
DEMO_TITLES = {
    "simulated": "Simulated CITE-seq (3,000 cells, 8 types)",
    "pbmc68k_reduced": "PBMC 68k, reduced (700 real blood cells)",
}
