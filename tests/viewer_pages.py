"""What the walks through the viewer share: an app served from this process, and a tab without errors."""

import threading
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from browsing import STEP
from werkzeug.serving import make_server


@contextmanager
def answering(nuwa):
    """The address of an app, served from a thread of this process."""
    server = make_server("127.0.0.1", 0, nuwa.app.server, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


# A request that is under way when a page is left or loaded again has lost its connection. What the server refuses or fails
# at has a status, and is an error here.
LEFT = "Failed to load resource: net::ERR_"


@contextmanager
def tab(browser):
    """A tab in which nothing may go wrong."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(STEP)
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" and LEFT not in m.text else None)
    yield page
    context.close()
    assert not wrong, "\n".join(wrong)


def query_of(page):
    """The query of the address, as a dict."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
