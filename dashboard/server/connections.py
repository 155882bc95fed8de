"""The web server: waitress with room for every open tab, and none for connections that send nothing.

A browser keeps five connections open for each tab, also while it is idle. An idle connection costs a file descriptor
and is opened again by itself. So the server never refuses a new connection: when all places are taken, it closes an
idle one. Connections that never sent a whole request go first, then those of the address with the most connections.
"""

import contextlib
import resource
from collections import Counter

import waitress
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

MOST_CONNECTIONS = 2000  # 400 tabs of five connections
SPARE_FILES = 300  # for the database, datasets and pipes
IDLE_SECONDS = 60  # then a connection without a request is closed
MOST_BODY = (
    33 * 1024**2
)  # bytes; a longer body is refused when its header arrives (the largest part is smaller)
PEER = "nuwa.peer"  # in the WSGI environment: the address at the other end of the connection
PROXY_HEADERS = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")


class Connection(HTTPChannel):
    """A connection that is closed for a new one when it is idle and all places are taken."""

    def __init__(self, server, sock, addr, adj, map=None):
        super().__init__(server, sock, addr, adj, map=map)
        self.answered = False
        make_room([channel for channel in self._map.values() if isinstance(channel, Connection)], self)

    def service(self):
        self.answered = True
        super().service()

    @property
    def idle(self):
        """No request waits, none is answered and nothing is left to send."""
        return not self.requests and not self.total_outbufs_len


def make_room(connections, new, most=None):
    """Close one idle connection where there are more than `most`; returns it, or None."""
    if len(connections) <= (most or MOST_CONNECTIONS):
        return None
    by_address = Counter(connection.addr[0] for connection in connections)
    idle = [connection for connection in connections if connection.idle and connection is not new]
    if not idle:
        return None
    first = min(idle, key=lambda c: (c.answered, -by_address[c.addr[0]], c.last_activity))
    first.handle_close()
    return first


def create_server(application, settings):
    """A waitress server that holds its port; raises OSError where the port cannot be used."""
    allow_files(MOST_CONNECTIONS + SPARE_FILES)
    proxy = {}
    if settings.trusted_proxy:
        proxy = {"trusted_proxy": settings.trusted_proxy, "trusted_proxy_headers": set(PROXY_HEADERS)}
    server = waitress.create_server(
        application,
        host=settings.host,
        port=settings.port,
        threads=12,
        channel_timeout=IDLE_SECONDS,
        connection_limit=MOST_CONNECTIONS + SPARE_FILES,
        asyncore_use_poll=True,  # select() ends at 1,024 files
        max_request_body_size=MOST_BODY,
        clear_untrusted_proxy_headers=True,
        ident=None,
        recv_bytes=1 << 18,  # with the default of 8 kB, an upload took twice the processor time
        **proxy,
    )
    for listener in [
        server,
        *getattr(server, "map", {}).values(),
    ]:  # a name such as localhost has two addresses
        if isinstance(listener, BaseWSGIServer):
            listener.channel_class = Connection
            listener.application = with_peer(listener.application)
    return server


def with_peer(application):
    """The application with PEER in its environment, which a forwarded address replaces only in REMOTE_ADDR."""

    def answer(environ, start_response):
        environ[PEER] = environ.get("REMOTE_ADDR", "")
        return application(environ, start_response)

    return answer


def allow_files(most):
    """Raise the number of files that this process may open, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < most:
        wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
