"""The job that makes a bundle: everything of a run in one zip."""

import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core import files
from core.config import SPLIT_NAMES
from core.config.bundle import Size
from core.config.job_arguments import BundleArguments
from core.config.run_files import (
    BUNDLE,
    CONDITIONS_RECORD,
    CONDITIONS_TABLE,
    SEEDS_TOGETHER_RECORD,
    START_WEIGHTS,
)
from core.errors import UserError, is_disk_full
from core.export import bundle_zip, h5ad_rules, report, reproduce, reproduce_script, run_folder, tables
from core.export.h5ad import columns_of
from core.export.readme import readme
from core.export.versions import versions
from core.figures import maps_file
from core.figures.printed import print_all
from core.text import size as size_text
from core.worker.jobs.bundle_content import BundleContent
from core.worker.jobs.bundle_figures import plates_of
from core.worker.jobs.bundle_report import report_of
from core.worker.jobs.trained_runs import load_run

SCRATCH = "nuwa-bundle-"  # in the cache folder; the queue removes what a killed process has left
MORE = (
    "explained.csv",
    "loadings.csv",
    "effects.csv",
    "spaces.json",
    "count_split.json",
    "count_split_genes.csv",
    "support.json",
    "latent_sizes.json",
    SEEDS_TOGETHER_RECORD,
    CONDITIONS_RECORD,
    CONDITIONS_TABLE,
)  # files of the score jobs, where they were run
DRAWN, RANKED = {"figures", "report"}, {"markers", "figures", "report"}  # parts that need figures, or markers
NUMBER = 14  # bytes of a number in a CSV, about


def make_bundle(store, job, say):
    """bundle.zip in the run's folder: the parts in `arguments`, checked by store.bundles.Bundles.

    Returns {"file", "bytes", "names", "words", "remarks"}. The zip is written elsewhere and moved when it is whole.
    """
    say("Reading the dataset.", 0.02)
    run, trained = load_run(store, job["target"])
    options = BundleArguments.of_job(job)
    maps = _shown_maps(store.run_folder(run["id"]), options)
    content = BundleContent(store, job["owner"], run, trained, options.by, options.resolution, maps)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=store.root / "cache") as scratch:
        bundle = _Bundle(content, options, Path(scratch), say)
        try:
            bundle.check_room()
            path = bundle.write()
            n_bytes = path.stat().st_size
            os.replace(path, store.run_folder(run["id"]) / BUNDLE)  # looked up again: the run may be deleted
        except OSError as error:
            if not is_disk_full(error):
                raise
            raise UserError(
                f"The disk of '{store.root}' is full. Free some space, or include fewer parts."
            ) from None
    facts = {"names": bundle.names, "words": content.grouping, "remarks": bundle.remarks}
    return {"file": BUNDLE, "bytes": n_bytes} | facts


def _shown_maps(folder, options):
    """The Maps that the page showed when the bundle was queued, or None; their file is removed."""
    if options.maps is None:
        return None
    path = folder / Path(options.maps).name
    try:
        return maps_file.read(path.read_bytes())
    finally:
        path.unlink(missing_ok=True)


class _Bundle:
    """A bundle under way: each part is written to the scratch folder and moved into the zip."""

    def __init__(self, content, options, scratch, say):
        self.content, self.options, self.scratch, self.say = content, options, scratch, say
        self.parts, self.size = set(options.parts), Size(*options.size)
        self.made_at = datetime.now(UTC).isoformat(timespec="seconds")
        self.names, self.remarks, self.findings, self.figures = [], [], [], []

    def check_room(self):
        """Raise UserError where the disk has no room for the zip and its parts."""
        n_cells, trained, need = len(self.content.cells), self.content.trained, 0
        if "tables" in self.parts:
            spaces = [trained.latent, *self.content.embeddings.values()]
            need += NUMBER * n_cells * sum(points.shape[1] for points in spaces)
        if "h5ad" in self.parts:  # counts and their logarithms, and in the zip before the folder is emptied
            need += 3 * self.content.dataset_folder.file.stat().st_size
            need += 2 * 4 * n_cells * trained.matrix.n_features if self.options.denoised else 0
        free = shutil.disk_usage(self.scratch).free
        if need > free:
            raise UserError(
                f"The bundle needs about {size_text(need)} of disk, and {size_text(free)} are free. Free some space, or include "
                "fewer parts."
            )

    def write(self):
        """Make the chosen parts and put them into the zip; returns its path."""
        self.say("Comparing the data with the training data of the run.", 0.05)
        adata = self.content.data()
        path = self.scratch / BUNDLE
        with bundle_zip.Writer(path) as archive:
            self._always(archive, adata)
            if "weights" in self.parts:
                archive.take(self.content.folder / "model.pt")
            if "h5ad" in self.parts:
                self._result(archive, adata)
            if "tables" in self.parts:
                self._tables(archive)
            if RANKED & self.parts:
                self._markers(archive)
            if "scores" in self.parts:
                self._scores(archive)
            if DRAWN & self.parts:
                self._figures(archive)
            if "report" in self.parts:
                self._report(archive)
            self.say("Finishing the zip.", 0.98)
            self.names = sorted([*archive.namelist(), "README.txt"])
            facts = self.content.run, self.made_at, self.content.resolution, self.content.grouping
            archive.writestr("README.txt", readme(*facts, self.names, self.remarks))
        return path

    def _always(self, archive, adata):
        """Write what is needed to train the run again and compare."""
        content, run = self.content, self.content.run
        for name in ("config.json", "history.csv", "latent.npy"):
            archive.take(content.folder / name)
        if (content.folder / START_WEIGHTS).exists():
            archive.take(content.folder / START_WEIGHTS)
        files.write_array(self.scratch / "clusters.npy", content.clusters.astype(np.int32))
        archive.move(self.scratch / "clusters.npy")
        settings = content.store.row("preparation", run["preparation"])["settings"]
        archive.writestr("recipe.json", content.view.steps.recipe(run["dataset"], settings).to_json())
        facts = {
            "bundle": bundle_zip.FORMAT,
            "made": self.made_at,
            "run": run["id"],
            "data_hash": content.record["data_hash"],
            "resolution": content.resolution,
            "machine": reproduce.machine(),
            "order": reproduce.names_hash(adata),
            "versions": content.record["versions"],
            "versions_of_bundle": versions(),
        }
        files.write_json(self.scratch / "versions.json", facts)
        archive.move(self.scratch / "versions.json")
        archive.writestr("reproduce.py", reproduce_script.script(versions()["nuwa"], run["id"], self.made_at))

    def _result(self, archive, adata):
        """Write result.h5ad and check the rules on it."""
        self.say("Writing result.h5ad.", 0.15)
        content, path = self.content, self.scratch / "result.h5ad"
        losses = {f"loss_{side}": [e[f"{side}_loss"] for e in content.epochs] for side in ("train", "valid")}
        arguments = content.record | losses, content.trained, content.clusters, self.options.denoised
        more = {"named_clusters": content.named_clusters, "scores": content.cell_scores()}
        run_folder.write_result(path, content.folder, adata, *arguments, **more)
        self.say("Checking result.h5ad by the rules of cellxgene and R.", 0.3)
        self.findings = h5ad_rules.check(path)
        archive.move(path)

    def _tables(self, archive):
        self.say("Writing tables.", 0.35)
        content = self.content
        cells = tables.cells(content.cells, content.clusters, np.array(SPLIT_NAMES)[content.split])
        colours = [clusters.colour for clusters in content.named_clusters]
        names = [tables.named(colour.values, colour.categories) for colour in colours]
        cells = cells.beside(tables.Table(columns_of(content.named_clusters), names))
        scores = content.cell_scores()
        self._table(archive, "cells.csv", cells.beside(tables.Table(list(scores), list(scores.values()))))
        self._table(
            archive, "latent.csv", tables.coordinates(content.cells, {"latent": content.trained.latent})
        )
        self._table(archive, "embeddings.csv", tables.coordinates(content.cells, content.embeddings))

    def _table(self, archive, name, table):
        table.write(self.scratch / name)
        archive.move(self.scratch / name)

    def _markers(self, archive):
        """Find the markers of the chosen groups, and write them as a table on request."""
        content = self.content
        problem = content.find_markers(lambda message, share=0.0: self.say(message, 0.4 + 0.2 * share))
        self.remarks += [problem] if problem else []
        if content.markers and "markers" in self.parts:
            facts = (
                content.markers["names"],
                content.features(),
                content.markers["n_genes"],
                content.marker_values(),
                content.markers["logged"],
            )
            self._table(archive, "markers.csv", tables.markers(*facts))

    def _scores(self, archive):
        self._table(
            archive, "scores.csv", tables.scores(self.content.run["scores"], self.content.space_scores())
        )
        for name in ("scores.json", *MORE):
            if (self.content.folder / name).exists():
                archive.take(self.content.folder / name)

    def _figures(self, archive):
        between = self.scratch / "between"
        between.mkdir()
        self.figures, problem = print_all.print_all(
            plates_of(self.content, self.size),
            self.scratch / "figures",
            between,
            lambda message, share: self.say(message, 0.6 + 0.3 * share),
            formats=print_all.FORMATS if "figures" in self.parts else ("svg", "png"),
        )
        self.remarks += [f"{problem} They were drawn by matplotlib."] if problem else []
        if "figures" in self.parts:
            for figure in self.figures:
                for path in figure.files.values():
                    archive.take(path, f"figures/{path.name}")

    def _report(self, archive):
        self.say("Writing the report.", 0.95)
        path = self.scratch / "report.html"
        names = sorted([*archive.namelist(), path.name, "README.txt"])
        about = report_of(self.content, self.made_at, self.figures, self.findings, self.remarks, names)
        report.write(path, about)
        archive.move(path)
