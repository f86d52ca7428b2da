# SPDX-License-Identifier: BSD-3-Clause
"""The page's files on a server that answers as it is told: for what the page
itself does with every answer that the interface may give."""

import http.server
import json
import os
import threading
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from . import run
from .baresip import REPO

PAGE = os.path.join(REPO, "modules", "failover", "web", "page")
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css",
         ".js": "text/javascript", ".svg": "image/svg+xml"}


class PageStub:
    """answers: (method, path) -> (status code, JSON).  posts: what came."""

    def __init__(self, features: str) -> None:
        self.features, self.token = features, "0" * 32
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {}
        self.posts: list[tuple[str, dict[str, str]]] = []
        self._changed = threading.Condition()
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stub.handle(self)

            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length", 0))
                form = dict(parse_qsl(self.rfile.read(size).decode(), True))
                if self.headers.get("X-Failover-Token") != stub.token:
                    stub.send(self, 403, {"ok": False, "error": "token"})
                    return
                with stub._changed:
                    stub.posts.append((urlsplit(self.path).path, form))
                    stub._changed.notify_all()
                stub.handle(self)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                       Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever,
                         daemon=True).start()

    def wait_post(self, n: int) -> tuple[str, dict[str, str]]:
        """The nth POST, counted from 1: its path and its form."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.posts) >= n,
                                          run.PATIENCE_S)
        assert came, f"waited for POST {n}: {self.posts}"
        return self.posts[n - 1]

    def handle(self, request: Any) -> None:
        path = urlsplit(request.path).path
        found = self.answers.get((request.command, path))
        name = os.path.join(PAGE, path.lstrip("/") or "index.html")
        if found:
            self.send(request, *found)
        elif request.command == "GET" and os.path.isfile(name):
            with open(name, encoding="utf-8") as file:
                text = file.read().replace("@TOKEN@", self.token).replace(
                    "@FEATURES@", self.features)
            self._send(request, 200, TYPES[os.path.splitext(name)[1]],
                       text.encode())
        else:
            self.send(request, 404, {"ok": False, "error": "not here"})

    def send(self, request: Any, code: int, data: Any) -> None:
        self._send(request, code, "application/json",
                   json.dumps(data).encode())

    @staticmethod
    def _send(request: Any, code: int, kind: str, body: bytes) -> None:
        request.send_response(code)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        try:
            request.wfile.write(body)
        except BrokenPipeError:
            pass

    def report(self) -> str:
        return f"--- page stub: {self.posts}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
