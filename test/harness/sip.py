# SPDX-License-Identifier: BSD-3-Clause
"""SIP messages: parse, build, and check digest authentication.

Small on purpose, yet strict enough to notice a malformed message: a parse
error raises ValueError, and the server counts it.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Iterable, Optional

COMPACT = {"v": "Via", "f": "From", "t": "To", "i": "Call-ID",
           "m": "Contact", "l": "Content-Length", "c": "Content-Type",
           "e": "Content-Encoding", "s": "Subject", "k": "Supported",
           "o": "Event", "r": "Refer-To"}

REASONS = {100: "Trying", 180: "Ringing", 183: "Session Progress",
           200: "OK", 202: "Accepted", 302: "Moved Temporarily",
           400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
           404: "Not Found", 405: "Method Not Allowed",
           407: "Proxy Authentication Required", 408: "Request Timeout",
           423: "Interval Too Brief", 480: "Temporarily Unavailable",
           481: "Call/Transaction Does Not Exist", 486: "Busy Here",
           487: "Request Terminated", 488: "Not Acceptable Here",
           500: "Server Internal Error", 501: "Not Implemented",
           503: "Service Unavailable", 504: "Server Time-out",
           603: "Decline"}

Headers = list[tuple[str, str]]


@dataclass
class Message:
    """A request (method and uri set) or a response (status set)."""

    method: str = ""
    uri: str = ""
    status: int = 0
    reason: str = ""
    headers: Headers = field(default_factory=list)
    body: bytes = b""

    @property
    def is_request(self) -> bool:
        return self.status == 0

    def get(self, name: str, default: str = "") -> str:
        """The first value of a header."""
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return default

    def all(self, name: str) -> list[str]:
        """All values of a header, comma-separated lists split."""
        values: list[str] = []
        for key, value in self.headers:
            if key.lower() == name.lower():
                values += split_list(value)
        return values

    def set(self, name: str, value: str) -> None:
        """Replace a header, or add it."""
        self.remove(name)
        self.headers.append((name, value))

    def remove(self, name: str) -> None:
        self.headers = [h for h in self.headers
                        if h[0].lower() != name.lower()]

    @property
    def call_id(self) -> str:
        return self.get("Call-ID")

    @property
    def cseq(self) -> int:
        return int(self.get("CSeq", "0").split()[0])

    @property
    def cseq_method(self) -> str:
        return self.get("CSeq", "0 ").split(None, 1)[1].strip()

    @property
    def top_via(self) -> str:
        vias = self.all("Via")
        return vias[0] if vias else ""

    @property
    def branch(self) -> str:
        return params(self.top_via).get("branch", "")

    @property
    def from_tag(self) -> str:
        return tag(self.get("From"))

    @property
    def to_tag(self) -> str:
        return tag(self.get("To"))

    @property
    def aor(self) -> str:
        """The address of record in To, the one that REGISTER is about."""
        return aor(uri_of(self.get("To")))

    @property
    def start_line(self) -> str:
        if self.is_request:
            return f"{self.method} {self.uri} SIP/2.0"
        return f"SIP/2.0 {self.status} {self.reason}"

    def encode(self) -> bytes:
        lines = [self.start_line]
        lines += [f"{key}: {value}" for key, value in self.headers
                  if key.lower() != "content-length"]
        lines.append(f"Content-Length: {len(self.body)}")
        # a lone surrogate stands for a byte that is not UTF-8
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") \
            + b"\r\n\r\n" + self.body


def split_list(value: str) -> list[str]:
    """Split at commas that are outside of quotes and angle brackets."""
    parts, depth, quoted, start = [], 0, False, 0
    for pos, char in enumerate(value):
        if char == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif char == "<":
            depth += 1
        elif char == ">":
            depth -= 1
        elif char == "," and not depth:
            parts.append(value[start:pos].strip())
            start = pos + 1
    parts.append(value[start:].strip())
    return [part for part in parts if part]


def params(value: str) -> dict[str, str]:
    """Parameters of a header value, those inside <> not included."""
    tail = re.sub(r'^\s*("[^"]*"|[^<"]*)\s*<[^>]*>', "", value)
    result = {}
    for part in tail.split(";")[1:]:
        key, _, val = part.partition("=")
        result[key.strip().lower()] = val.strip().strip('"')
    return result


def tag(value: str) -> str:
    return params(value).get("tag", "")


def uri_of(value: str) -> str:
    """The URI of a From, To, Contact or Route value."""
    match = re.search(r"<([^>]*)>", value)
    return match.group(1) if match else value.split(";")[0].strip()


def uri_parts(uri: str) -> tuple[str, str, int, dict[str, str]]:
    """(user, host, port or 0, parameters) of a SIP URI without brackets."""
    match = re.match(r"sips?:(?:([^@;]*)@)?(\[[^]]+\]|[^:;?]+)(?::(\d+))?"
                     r"(;[^?]*)?", uri)
    if not match:
        raise ValueError(f"not a SIP URI: {uri!r}")
    user, host, port, tail = match.groups()
    return ((user or "").split(":")[0], host.strip("[]"), int(port or 0),
            params(tail or ""))


def aor(uri: str) -> str:
    """Reduce a URI to sip:user@host, the key of a location table."""
    user, host, _, _ = uri_parts(uri)
    return f"sip:{user}@{host}".lower()


def parse(data: bytes) -> Message:
    """Parse one whole message; ValueError when it is not SIP."""
    head, sep, body = data.partition(b"\r\n\r\n")
    if not sep:
        raise ValueError("no end of headers")

    text = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "replace"))
    lines = text.split("\r\n")
    msg = Message()

    start = lines[0].split(" ", 2)
    if len(start) != 3:
        raise ValueError(f"start line: {lines[0]!r}")
    if start[0] == "SIP/2.0":
        msg.status, msg.reason = int(start[1]), start[2]
    elif start[2] == "SIP/2.0":
        msg.method, msg.uri = start[0], start[1]
    else:
        raise ValueError(f"start line: {lines[0]!r}")

    for line in lines[1:]:
        key, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"header line: {line!r}")
        key = key.strip()
        msg.headers.append((COMPACT.get(key.lower(), key), value.strip()))

    length = int(msg.get("Content-Length", str(len(body))))
    if length > len(body):
        raise ValueError("body is cut short")
    msg.body = body[:length]

    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        if not msg.get(name):
            raise ValueError(f"no {name} header")
    return msg


# CRLF CRLF, or one that something else follows: it may be the half of a
# keep-alive, RFC 5626 section 3.5.1
EMPTY = re.compile(rb"(\r\n\r\n|\n|\r\n(?=[^\r])|\r(?=[^\n]))*")


def frame(buffer: bytearray) -> Optional[bytes]:
    """Take the next message off a stream's buffer; empty lines before it
    go, as with Kamailio, Asterisk and FreeSWITCH.  As with Kamailio, a CRLF
    at the end stays for now."""
    if empty := EMPTY.match(buffer):
        del buffer[:empty.end()]

    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    match = re.search(rb"\r\n(?:content-length|l)[ \t]*:[ \t]*(\d+)",
                      buffer[:end], re.IGNORECASE)
    size = end + 4 + (int(match.group(1)) if match else 0)
    if len(buffer) < size:
        return None
    data = bytes(buffer[:size])
    del buffer[:size]
    return data


def response(req: Message, status: int, reason: str = "",
             headers: Iterable[tuple[str, str]] = (),
             body: bytes = b"", to_tag: str = "") -> Message:
    """Answer a request.  A tag is added to To unless it has one."""
    msg = Message(status=status, reason=reason or REASONS.get(status, "-"))
    for name in ("Via", "Record-Route", "From", "To", "Call-ID", "CSeq"):
        msg.headers += [(name, value) for key, value in req.headers
                        if key.lower() == name.lower()]
    if status > 100 and not req.to_tag:
        msg.set("To", f"{req.get('To')};tag={to_tag or new_tag()}")
    msg.headers += headers
    msg.body = body
    return msg


def new_tag() -> str:
    return secrets.token_hex(6)


def new_branch() -> str:
    return "z9hG4bK" + secrets.token_hex(8)


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def digest_fields(value: str) -> dict[str, str]:
    """The fields of an Authorization or a WWW-Authenticate value."""
    pairs = re.findall(r'(\w+)\s*=\s*("[^"]*"|[^,\s]+)', value)
    return {key.lower(): val.strip('"') for key, val in pairs}


def digest_ok(value: str, method: str, password: str) -> bool:
    """Check a Digest MD5 response, with qop=auth or without."""
    got = digest_fields(value)
    try:
        ha1 = md5(f"{got['username']}:{got['realm']}:{password}")
        ha2 = md5(f"{method}:{got['uri']}")
        middle = got["nonce"]
        if "qop" in got:
            middle += f":{got['nc']}:{got['cnonce']}:{got['qop']}"
        return got["response"].lower() == md5(f"{ha1}:{middle}:{ha2}")
    except KeyError:
        return False
