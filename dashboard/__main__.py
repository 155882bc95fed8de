"""python -m dashboard: the page, and a worker beside it."""

import multiprocess

# Before anything else: a forked long callback would inherit this process's sockets and its OpenMP state.
multiprocess.set_start_method("spawn", force=True)

import contextlib  # noqa: E402  the line above has to come first
import signal  # noqa: E402
import sys  # noqa: E402

from core import logs, settings  # noqa: E402
from core.errors import UserError  # noqa: E402
from core.worker import launch  # noqa: E402


def main():
    """Serve until interrupted; returns the exit code: 2 for a mistake in the settings."""
    try:
        here = settings.from_environment()
        from core.store import Store
        from dashboard.app import create_app

        store = Store(here)
        logs.set_up(here.log_json, here.data_dir / "web.log")
        app = create_app(store, inline_drain() if here.inline else None)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    server = bound(app, here)
    if server is None:
        return 2
    first_account(store, app)
    if here.inline:
        work_alone(store)
        return serve(server, here)
    return serve(server, here, launch.Keeper(here))


def inline_drain():
    """The function of the worker that carries out all queued jobs; imported only where this process works itself."""
    from core.worker.execute import drain

    return drain


def work_alone(store):
    """With NUWA_INLINE=1 there is no worker: the demo datasets are read here, other jobs run when they are asked for."""
    from core.worker.queue import add_demos, sweep

    sweep(store)
    add_demos(store)
    inline_drain()(store)


def bound(app, here):
    """A server that holds its port, or None, said so: before a worker is started for a page nobody will see."""
    from dashboard.server import connections

    try:
        return connections.create_server(app.server, here)
    except OSError as error:
        print(
            f"Port {here.port} cannot be used ({error.strerror}): set NUWA_PORT to another.", file=sys.stderr
        )


def first_account(store, app):
    """Print the one-time link that creates the administrator, where people sign in and there is no account."""
    from core.store import link_address
    from dashboard.server.identity import Mode

    if app.mode is Mode.ACCOUNTS and (secret := store.accounts.first_link()):
        print(f"Create the administrator, once: {link_address(store.settings, secret)}", flush=True)


def serve(server, here, keeper=None):
    """Answer until interrupted; returns the exit code. After SIGTERM the worker saves what is at work and ends, too."""
    terminated = []

    def end(*_):
        terminated.append(True)
        raise SystemExit

    signal.signal(signal.SIGTERM, end)
    print(
        f"Nuwa is at http://{here.host}:{here.port}  (data in {here.data_dir}; Ctrl-C stops it)", flush=True
    )
    with contextlib.suppress(KeyboardInterrupt, SystemExit):
        server.run()
    if terminated:
        if keeper:
            keeper.stop()
        print("Stopped. A training run that was at work continues at the next start.")
        return 0
    print("Stopped. A training run that was at work goes on; start Nuwa again to see it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
