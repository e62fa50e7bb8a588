"""One execution environment of a Lambda function: a process that handles one event at a time.

``POST /`` takes the event as its body and Lambda's runtime headers, and answers what the handler
returned, or Lambda's error object with the header ``X-Amz-Function-Error``. The time limit is kept
from outside, by killing the process, as Lambda does.
"""

import argparse
import contextlib
import importlib
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer
from typing import Any

Handler = Callable[[Any, "LambdaContext"], Any]

REQUEST_ID = "Lambda-Runtime-Aws-Request-Id"
DEADLINE = "Lambda-Runtime-Deadline-Ms"
FUNCTION_ARN = "Lambda-Runtime-Invoked-Function-Arn"
FUNCTION_ERROR = "X-Amz-Function-Error"
#: Modules, separated by commas, that are imported before the handler: whoever tests functions sees
#: by them what these do.
WATCHERS = "WORKER_WATCHERS"
RESPONSE_LIMIT_BYTES = 6 * 1024 * 1024 + 100
LOG_LIMIT_BYTES = 1_000_000


class LambdaContext:
    """The object that Lambda's Python runtime gives a handler, with its names and types."""

    def __init__(self, request_id: str, deadline_ms: int, invoked_function_arn: str) -> None:
        self.aws_request_id = request_id
        self.invoked_function_arn = invoked_function_arn
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = None
        self.identity = None
        self._deadline_ms = deadline_ms

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the process is killed; never below zero."""
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message: object) -> None:
        """Writes to the function's log without a line's end, as Lambda's does."""
        sys.stdout.write(str(message))


def load_handler(code_dir: Path, layer_dir: Path, handler: str) -> Handler:
    """Imports ``module.function`` the way Lambda does: from the code first, then from the layer."""
    sys.path[:0] = [str(code_dir), str(layer_dir)]
    os.chdir(code_dir)
    module, _, function = handler.rpartition(".")
    loaded: Handler = getattr(importlib.import_module(module), function)
    return loaded


def run(handler: Handler, body: bytes, context: LambdaContext) -> tuple[bytes, bool]:
    """Runs one event; gives the answer's JSON and whether it is an error."""
    try:
        result = handler(json.loads(body), context)
    except Exception as error:
        traceback.print_exc()
        return _error(error, context.aws_request_id), True
    try:
        answer = json.dumps(result).encode()
    except (TypeError, ValueError) as error:
        message = f"Unable to marshal response: {error}"
        return _error_object(message, "Runtime.MarshalError", context.aws_request_id, []), True
    if len(answer) > RESPONSE_LIMIT_BYTES:
        message = (
            "Response payload size exceeded maximum allowed payload size "
            f"({RESPONSE_LIMIT_BYTES} bytes)."
        )
        kind = "Function.ResponseSizeTooLarge"
        return _error_object(message, kind, context.aws_request_id, []), True
    return answer, False


def _error(error: Exception, request_id: str) -> bytes:
    # The first frame is this module's own.
    frames = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
    return _error_object(str(error), type(error).__name__, request_id, frames)


def _error_object(message: str, kind: str, request_id: str, frames: list[str]) -> bytes:
    return json.dumps(
        {
            "errorMessage": message,
            "errorType": kind,
            "requestId": request_id,
            "stackTrace": frames,
        }
    ).encode()


def rotate(log: Path, limit_bytes: int = LOG_LIMIT_BYTES) -> None:
    """An outgrown log goes on in a new file; the old one, which stays until the next, is `….log.1`.

    `log` is where this process's output goes; between two events nothing else writes.
    """
    sys.stdout.flush()
    if os.fstat(sys.stdout.fileno()).st_size < limit_bytes:
        return
    # Somebody may have tidied it away.
    with contextlib.suppress(FileNotFoundError):
        log.replace(log.with_name(f"{log.name}.1"))
    with log.open("ab") as new:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(new.fileno(), stream.fileno())


def _server(handler: Handler, log: Path) -> TCPServer:
    class Invocation(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            context = LambdaContext(
                self.headers[REQUEST_ID], int(self.headers[DEADLINE]), self.headers[FUNCTION_ARN]
            )
            answer, failed = run(handler, body, context)
            rotate(log)
            self.send_response(200)
            if failed:
                self.send_header(FUNCTION_ERROR, "Unhandled")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """A function's log holds what the function says, not its calls."""

    return TCPServer(("127.0.0.1", 0), Invocation)


def main() -> None:
    """Loads the handler, tells the port on the descriptor `--ready-fd`, then serves for ever."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--code-dir", type=Path, required=True)
    parser.add_argument("--layer-dir", type=Path, required=True)
    parser.add_argument("--handler", required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--ready-fd", type=int, required=True)
    options = parser.parse_args()
    # Lambda's runtime has a handler on the root logger; without one, warnings alone are seen.
    logging.basicConfig(level=logging.WARNING)
    for watcher in filter(None, os.environ.get(WATCHERS, "").split(",")):
        importlib.import_module(watcher)
    handler = load_handler(options.code_dir, options.layer_dir, options.handler)
    with _server(handler, options.log) as server:
        os.write(options.ready_fd, f"{server.server_address[1]}\n".encode())
        os.close(options.ready_fd)
        server.serve_forever()


if __name__ == "__main__":
    main()
