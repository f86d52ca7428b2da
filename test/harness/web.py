# SPDX-License-Identifier: BSD-3-Clause
"""A client of the page's interface for programs."""

import hashlib
import http.client
import json
import os
import re
import socket
import ssl
from typing import Any, Optional
from urllib.parse import urlencode

from . import ports

FORM = "application/x-www-form-urlencoded"


class Answer:
    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Web:
    """Of one phone; each request has a connection of its own."""

    def __init__(self, port: int = 0, host: str = ports.HOST,
                 tls: bool = False) -> None:
        self.port = port or ports.free_port(ports.CTRL_RANGE)
        self.host, self.tls = host, tls

    @property
    def listen(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://{self.listen}/"

    def config(self, **more: Any) -> dict[str, Any]:
        """Keys of the phone's config file."""
        return {"failover_http_listen": self.listen, **more}

    def request(self, method: str, path: str,
                headers: Optional[dict[str, str]] = None,
                body: Optional[bytes] = None) -> Answer:
        if self.tls:
            context = ssl._create_unverified_context()
            connection: Any = http.client.HTTPSConnection(
                self.host, self.port, timeout=60, context=context)
        else:
            connection = http.client.HTTPConnection(self.host, self.port,
                                                    timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, headers)

    def token(self) -> str:
        return re.findall(r'token" content="([^"]*)"',
                          self.get("/").text)[0]

    def features(self) -> list[str]:
        return re.findall(r'features" content="([^"]*)"',
                          self.get("/").text)[0].split()

    def post(self, path: str, headers: Optional[dict[str, str]] = None,
             **form: Any) -> Answer:
        """With the token, unless the headers have another."""
        headers = {"Content-Type": FORM, **(headers or {})}
        headers.setdefault("X-Failover-Token", self.token())
        return self.request("POST", path, headers,
                            urlencode(form).encode())

    def digest(self, method: str, path: str, user: str, password: str,
               uri: str = "", challenge: str = "",
               headers: Optional[dict[str, str]] = None,
               body: Optional[bytes] = None) -> Answer:
        """A request that answers the challenge, RFC 7616."""
        challenge = challenge or self.request(method, path).headers[
            "WWW-Authenticate"]
        credentials = authorization(challenge, method, uri or path, user,
                                    password)
        return self.request(method, path, {
            "Authorization": credentials, **(headers or {})}, body)

    # As no client does

    def connect(self, source: str = "") -> socket.socket:
        return socket.create_connection(
            (self.host.strip("[]"), self.port), 20,
            (source, 0) if source else None)

    def raw(self, data: bytes) -> bytes:
        """Send these bytes; all that comes until the connection ends."""
        with self.connect() as sock:
            try:
                sock.sendall(data)
            except (ConnectionResetError, BrokenPipeError):
                pass                    # it has heard enough
            return drain(sock)


def drain(sock: socket.socket) -> bytes:
    """All that comes until the other side closes the connection."""
    data = b""
    try:
        while piece := sock.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def authorization(challenge: str, method: str, uri: str, user: str,
                  password: str, number: int = 1) -> str:
    """The value of the header, with the challenge's own algorithm; number
    counts the requests with this challenge."""
    given = {key: quoted or plain for key, quoted, plain in re.findall(
        r'(\w+)=(?:"([^"]*)"|([^\s,]*))', challenge)}
    algorithm = given.get("algorithm", "MD5")
    digest = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5

    def h(text: str) -> str:
        return digest(text.encode()).hexdigest()

    cnonce, count = os.urandom(8).hex(), f"{number:08x}"
    response = h(":".join((h(f"{user}:{given['realm']}:{password}"),
                           given["nonce"], count, cnonce, "auth",
                           h(f"{method}:{uri}"))))
    return (f'Digest username="{user}", realm="{given["realm"]}", '
            f'nonce="{given["nonce"]}", uri="{uri}", '
            f'response="{response}", algorithm={algorithm}, '
            f'qop=auth, nc={count}, cnonce="{cnonce}"')
