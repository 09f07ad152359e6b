"""What a test can do to calls and functions, so that it need not hope for the right moment:

    POST /_bed/hold?call=ModifyRule&about=X   the next such call that says X is kept, not yet done and not answered
    POST /_bed/held?call=ModifyRule           answers when it has come
    POST /_bed/release?call=ModifyRule        it is done now, whether its sender lives or not; answers with its answer
    POST /_bed/kill?function=tidegate-x       kills the function's processes; answers with how many
    POST /_bed/fail?service=dynamodb          every call of the service is answered with a 500
    POST /_bed/mend?service=dynamodb          until now
"""

import asyncio
import re
from urllib.parse import parse_qs, unquote_plus

from ministack.core import lambda_runtime
from ministack.services import alb, dynamodb

from . import original

ACTION = re.compile(rb"(?:^|&)Action=(\w+)")


class Held:
    """One call that is kept."""

    def __init__(self, about: str) -> None:
        self.about = about
        self.came = asyncio.Event()
        self.released = asyncio.Event()
        self.done: asyncio.Future = asyncio.get_running_loop().create_future()


HELD: dict[str, Held] = {}
FAILING: set[str] = set()

FAILED = (
    500,
    {"Content-Type": "application/x-amz-json-1.0"},
    b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"the test says so"}',
)


def apply() -> None:
    original(lambda_runtime, "_workers")
    for name, service in (("alb", alb), ("dynamodb", dynamodb)):
        service.handle_request = troubled(name, original(service, "handle_request"))


def troubled(service, handle):
    async def handle_request(method, path, headers, body, query):
        if service in FAILING:
            return FAILED
        held = HELD.get(called(headers, body))
        if held is None or held.came.is_set() or held.about not in unquote_plus((body or b"").decode()):
            return await handle(method, path, headers, body, query)
        held.came.set()

        async def late():
            await held.released.wait()
            answer = await handle(method, path, headers, body, query)
            held.done.set_result(answer)
            return answer

        # In a task of its own, because the sender may go away.
        return await asyncio.shield(asyncio.ensure_future(late()))

    return handle_request


def called(headers: dict, body: bytes) -> str:
    """The name of the call, in either of the two protocols."""
    if target := headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    found = ACTION.search(body or b"")
    return found[1].decode() if found else ""


def kill(function: str) -> int:
    killed = 0
    for workers in list(lambda_runtime._workers.values()):
        for worker in workers:
            process = getattr(worker, "_proc", None)
            if worker.func_name == function and process is not None and process.poll() is None:
                process.kill()
                killed += 1
    return killed


async def answer(path: str, query: dict) -> tuple[int, bytes]:
    asked = {name: values[0] for name, values in query.items()}
    match path:
        case "/_bed/hold":
            HELD[asked["call"]] = Held(asked.get("about", ""))
            return 200, b""
        case "/_bed/held":
            await HELD[asked["call"]].came.wait()
            return 200, b""
        case "/_bed/release":
            held = HELD.pop(asked["call"])
            held.released.set()
            status, _, body = await held.done
            return status, body
        case "/_bed/fail":
            FAILING.add(asked["service"])
            return 200, b""
        case "/_bed/mend":
            FAILING.discard(asked["service"])
            return 200, b""
        case "/_bed/kill":
            return 200, str(kill(asked["function"])).encode()
    return 404, b"see tests/bed/patches/faults.py"


def beside(app):
    """The app, with these requests answered before it."""

    async def both(scope, receive, send):
        if scope["type"] != "http" or not scope["path"].startswith("/_bed/"):
            return await app(scope, receive, send)
        status, body = await answer(scope["path"], parse_qs(scope["query_string"].decode()))
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})

    return both
