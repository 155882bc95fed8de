"""Numbers of the server for Prometheus at /metrics: requests, queue, disk, worker. No name of a person or dataset is among them.

It is there where NUWA_METRICS_TOKEN is set, for requests with "Authorization: Bearer TOKEN", and where NUWA_METRICS_FROM lists
the address of the peer; else there is no such address, whoever has signed in.
"""

import hmac
import ipaddress
import shutil
import threading
import time
from collections import Counter

from flask import Response, abort, g, request

from core.store import counts
from core.worker import launch
from dashboard.server.connections import PEER

PATH = "/metrics"
BUCKETS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)  # seconds of an answer
KINDS = {
    "/_dash-update-component": "callback",
    "/cells": "points",
    "/upload": "upload",
    "/download": "download",
}


class Requests:
    """How many requests of each kind were answered with which status, and how long they took."""

    def __init__(self):
        self.lock = threading.Lock()
        self.n, self.buckets, self.seconds = Counter(), Counter(), Counter()

    def add(self, kind, status, seconds):
        with self.lock:
            self.n[kind, f"{status // 100}xx"] += 1
            self.seconds[kind] += seconds
            for bucket in BUCKETS:
                self.buckets[kind, bucket] += seconds <= bucket

    def families(self):
        """The metrics of prometheus_client."""
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        with self.lock:
            n, buckets, seconds = dict(self.n), dict(self.buckets), dict(self.seconds)
        answered = CounterMetricFamily("nuwa_requests", "Requests answered", labels=("kind", "status"))
        for (kind, status), value in sorted(n.items()):
            answered.add_metric((kind, status), value)
        yield answered
        took = HistogramMetricFamily("nuwa_request_seconds", "Seconds until the answer", labels=("kind",))
        for kind in sorted(seconds):
            total = sum(value for (one, _), value in n.items() if one == kind)
            bounds = [(str(bucket), buckets[kind, bucket]) for bucket in BUCKETS] + [("+Inf", total)]
            took.add_metric((kind,), bounds, seconds[kind])
        yield took


class Collector:
    """The metrics of a server, collected when they are asked for."""

    def __init__(self, store, requests):
        self.store, self.requests = store, requests

    def collect(self):
        from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

        yield InfoMetricFamily("nuwa", "Version", value={"version": counts.version})
        yield from self.requests.families()
        jobs = GaugeMetricFamily("nuwa_jobs", "Jobs that wait or run", labels=("lane", "status"))
        for (lane, status), n in sorted(counts.open_jobs(self.store).items()):
            jobs.add_metric((lane, status), n)
        yield jobs
        yield GaugeMetricFamily(
            "nuwa_oldest_waiting_seconds",
            "How long the oldest job waits",
            value=counts.oldest_wait(self.store),
        )
        rows = GaugeMetricFamily("nuwa_rows", "Datasets and runs", labels=("kind", "status"))
        for labels, n in sorted(counts.rows(self.store).items()):
            rows.add_metric(labels, n)
        yield rows
        disk = shutil.disk_usage(self.store.root)
        yield GaugeMetricFamily(
            "nuwa_disk_free_bytes", "Free bytes of the disk of the data folder", value=disk.free
        )
        yield GaugeMetricFamily("nuwa_disk_bytes", "Bytes of the disk of the data folder", value=disk.total)
        silence = launch.silence(self.store.root)
        if silence is not None:
            yield GaugeMetricFamily(
                "nuwa_worker_silent_seconds", "Since a sign of life of the worker", value=silence
            )


def may_read(settings):
    """May the peer of this request read the metrics?"""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if settings.metrics_token and kind.lower() == "bearer":
        return hmac.compare_digest(token.strip().encode(), settings.metrics_token.encode())
    try:
        peer = ipaddress.ip_address(str(request.environ.get(PEER, request.remote_addr)).partition("%")[0])
    except ValueError:
        return False
    return any(peer in ipaddress.ip_network(network) for network in settings.metrics_from)


def register(server, store):
    """Count all requests of a Flask server, and answer PATH for whoever may read it."""
    counted = Requests()

    @server.after_request
    def count(response):
        if (began := g.get("began")) is not None:
            kind = next((kind for path, kind in KINDS.items() if request.path.startswith(path)), "other")
            counted.add(kind, response.status_code, time.monotonic() - began)
        return response

    @server.get(PATH)
    def metrics():
        if not may_read(store.settings):
            abort(404)
        from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        registry.register(Collector(store, counted))
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        return Response(generate_latest(registry), mimetype="text/plain; version=0.0.4")
