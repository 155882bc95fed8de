"""The web server answers people while a stranger holds many connections, and refuses long bodies at once."""

import socket
import threading
import urllib.request

import pytest

from dashboard.server import connections

SILENT = 150  # connections that never finish a request; the server under test has room for fewer


class Fake:
    """A connection as make_room sees it."""

    def __init__(self, address, last_activity, answered=True, idle=True):
        self.addr, self.last_activity, self.answered, self.idle = (address, 1), last_activity, answered, idle
        self.closed = False

    def handle_close(self):
        self.closed = True


def test_no_connection_is_closed_while_there_is_room():
    line = [Fake("a", 1), Fake("a", 2)]
    assert connections.make_room(line, line[1], most=2) is None


def test_a_connection_without_a_request_goes_first():
    oldest, silent, new = Fake("a", 1), Fake("a", 5, answered=False), Fake("b", 9, answered=False)
    assert connections.make_room([oldest, silent, new], new, most=2) is silent
    assert silent.closed and not oldest.closed and not new.closed


def test_the_address_with_most_connections_gives_way():
    person, *crowd, new = [Fake("person", 0), Fake("crowd", 7), Fake("crowd", 3), Fake("new", 9)]
    assert connections.make_room([person, *crowd, new], new, most=3) is crowd[1]


def test_a_connection_at_work_stays():
    busy, new = Fake("a", 1, idle=False), Fake("a", 2)
    assert connections.make_room([busy, new], new, most=1) is None


@pytest.fixture(scope="module")
def address(bare):
    """Where the web server answers, from a thread of this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections, "MOST_CONNECTIONS", SILENT - 50)
        server = connections.create_server(
            bare.app.server, bare.store.settings.model_copy(update={"port": 0})
        )
        thread = threading.Thread(target=server.run)
        thread.start()
        yield "127.0.0.1", server.effective_port
        server.trigger.pull_trigger(server.close)
        thread.join(60)
        server.task_dispatcher.shutdown()
    assert not thread.is_alive()


def health(address):
    with urllib.request.urlopen(f"http://{address[0]}:{address[1]}/health", timeout=10) as answer:
        return answer.status


def test_people_are_answered_beside_silent_connections(address):
    silent = [socket.create_connection(address) for _ in range(SILENT)]
    try:
        for connection in silent:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ")
        assert health(address) == 200
    finally:
        for connection in silent:
            connection.close()


def test_a_long_body_is_refused_at_its_header(address):
    with socket.create_connection(address, timeout=10) as connection:
        head = f"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: {connections.MOST_BODY + 1}\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(64).startswith(b"HTTP/1.1 413")
