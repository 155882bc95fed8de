"""Science that needs numpy, pandas and scipy alone, and so goes into the script of a recipe as it stands here."""
