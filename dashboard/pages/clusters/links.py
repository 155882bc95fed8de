"""The addresses of the tables and files of a run; downloads.py answers them."""

from urllib.parse import urlencode

BETWEEN = "~"  # panels in a link: no key holds it


def table_link(run_id, by, resolution, k, keys=(), select="", records="", colours=()):
    """The address of the data of the panels `keys` in k dimensions; a selection and the records of a filter as JSON.

    `colours` are the choices of the other panels, where these have colours of their own.
    """
    query = {"by": by, "resolution": resolution, "dimensions": k}
    query |= ({"panels": BETWEEN.join(keys)} if keys else {}) | ({"select": select} if select else {})
    query |= {"filter": records} if records else {}
    query |= {"colours": BETWEEN.join(colours)} if colours else {}
    return f"/download/{run_id}/panels.csv?{urlencode(query)}"


def maps_link(run_id, form, query):
    """The address of the maps as a file, "html" or "pdf"; `query` is that of the link to what they show."""
    return f"/download/{run_id}/maps.{form}?{query}"


def profile_link(run_id, job_id):
    """The address of the data of a reconstructed profile."""
    return f"/download/{run_id}/profile.csv?{urlencode({'job': job_id})}"


def markers_link(run_id, job_id):
    """The address of the table of all markers that a job found."""
    return f"/download/{run_id}/markers.csv?{urlencode({'job': job_id})}"


def names_link(run_id, line):
    """The address of the names of the cells in a clustering made by a person."""
    return f"/download/{run_id}/names.csv?{urlencode({'line': line})}"


def mapped_link(run_id, form, key, threshold):
    """The address of the cells mapped onto a run, as csv or h5ad."""
    return f"/download/{run_id}/mapped.{form}?{urlencode({'key': key, 'threshold': threshold})}"
