"""The ids of the film's card."""

FILM = "film"
FILM_BY = "film-by"
FILM_COLOUR = "film-colour"
FILM_LEGEND = "film-legend"
FILM_SIZE = "film-size"
FILM_FILES = "film-files"
