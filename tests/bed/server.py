#!/usr/bin/env python3
"""An emulated AWS on loopback for the wire and end-to-end tests: MiniStack with the patches of `patches/`.

It takes a free port, and prints `ready http://127.0.0.1:PORT` when it serves. It lives as long as its standard
input is open: whoever starts it holds the other end of a pipe, and however that process ends, this one ends too,
with every function that it runs. What it says after that goes nowhere, unless BED_LOG is a level (INFO, DEBUG).

With the argument `moto` it is moto instead, unpatched: a second opinion on what the patches say.
"""

import asyncio
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import urllib.request

HOST = "127.0.0.1"
REGION = "us-east-1"


def prepare(port: int, home: str) -> None:
    """Sets what MiniStack reads from the environment while it is imported, and so must stand there before."""
    for name in list(os.environ):
        # What is left here is passed on to every function.
        if name.startswith(("AWS_", "TIDEGATE_", "TF_", "CARGO", "RUST")):
            del os.environ[name]
    endpoint = f"http://{HOST}:{port}"
    os.environ.update(
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_REGION=REGION,
        AWS_DEFAULT_REGION=REGION,
        # Functions are told of it only if the server itself has it.
        AWS_ENDPOINT_URL=endpoint,
        BIND_HOST=HOST,
        GATEWAY_PORT=str(port),
        MINISTACK_REGION=REGION,
        # Both open ports of their own.
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        LOG_LEVEL=os.environ.get("BED_LOG", "WARNING").upper(),
        # Code of functions is unpacked below it.
        TMPDIR=home,
        S3_DATA_DIR=f"{home}/s3",
    )
    tempfile.tempdir = home


def end(home: str) -> None:
    """Ends this process and its functions, which are in its process group; nothing is worth keeping."""
    shutil.rmtree(home, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def watch(home: str) -> None:
    """Ends everything when standard input does, which is when the process that started this one is gone."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    end(home)


def announce(endpoint: str, health: str) -> None:
    """Prints the address once a request was answered."""
    with urllib.request.urlopen(endpoint + health, timeout=60) as answer:
        answer.read()
    print(f"ready {endpoint}", flush=True)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    if "BED_LOG" not in os.environ:
        os.dup2(nowhere, sys.stderr.fileno())


def serve_ministack(listener: socket.socket, endpoint: str) -> None:
    import patches

    patches.apply()

    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.loglevel = "WARNING"
    # Longer than any client keeps an idle connection, so that none is closed while a request is on its way.
    config.keep_alive_timeout = 600
    threading.Thread(target=announce, args=(endpoint, "/_ministack/health"), daemon=True).start()
    asyncio.run(serve(patches.faults.beside(app), config))


def serve_moto(listener: socket.socket, endpoint: str) -> None:
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server(HOST, 0, app, threaded=True, fd=listener.fileno())
    threading.Thread(target=announce, args=(endpoint, "/moto-api/"), daemon=True).start()
    server.serve_forever()


def main() -> None:
    # A group of its own, so that it can be ended as a whole; one that leads a group already stays where it is.
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    home = tempfile.mkdtemp(prefix="tidegate-bed-")
    threading.Thread(target=watch, args=(home,), daemon=True).start()

    # Bound here and handed over: a port that is only looked up may be taken by another before it is used.
    listener = socket.create_server((HOST, 0), backlog=512)
    port = listener.getsockname()[1]
    prepare(port, home)
    serve = serve_moto if sys.argv[1:] == ["moto"] else serve_ministack
    try:
        serve(listener, f"http://{HOST}:{port}")
    finally:
        end(home)


if __name__ == "__main__":
    main()
