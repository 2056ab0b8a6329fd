"""A loopback HTTP server with ranges, that misbehaves as it is told."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Plan:
    """What the server has, and how it behaves."""

    data: bytes
    ranges: bool = True
    tag: str | None = '"one"'
    drop_after: list[int] = field(default_factory=list)
    """For each request in turn: break off after so many bytes."""
    codes: list[int] = field(default_factory=list)
    """For each request in turn: answer so, without the file; 0 answers properly."""
    length: bool = True
    """Say how long the answer is."""
    shift: int = 0
    """Answer ranges from so many bytes further on."""
    asked: list[str | None] = field(default_factory=list)
    """The ranges that were asked for."""
    url: str = ""


@contextmanager
def serving(plan: Plan) -> Iterator[Plan]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            number = len(plan.asked)
            plan.asked.append(self.headers.get("Range"))
            code = plan.codes[number] if number < len(plan.codes) else 0
            if code:
                self.send_response(code)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            begin = self._begin()
            body = plan.data[begin:]
            if begin and not body:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(plan.data)}")
                self.end_headers()
                return
            self.send_response(206 if begin else 200)
            if begin:
                self.send_header("Content-Range", f"bytes {begin}-{len(plan.data) - 1}/{len(plan.data)}")
            if plan.length:
                self.send_header("Content-Length", str(len(body)))
            if plan.tag is not None:
                self.send_header("ETag", plan.tag)
            self.end_headers()
            drop = plan.drop_after[number] if number < len(plan.drop_after) else len(body)
            self.wfile.write(body[:drop])

        def _begin(self) -> int:
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            fresh = self.headers.get("If-Range", plan.tag) == plan.tag
            return int(asked.group(1)) + plan.shift if asked and plan.ranges and fresh else 0

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Stay quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    plan.url = f"http://127.0.0.1:{server.server_address[1]}/a-model.zip"
    try:
        yield plan
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
