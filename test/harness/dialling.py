# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of calls share: phones that are ready to call, what is on
the wire in a span of time, and what `baresip -s` prints."""

import re
import socket
import time
from collections import Counter
from typing import Callable, Iterable

from . import ports, sip
from .baresip import Phone
from .calls import Call
from .record import Entry
from .run import PATIENCE_S
from .scenario import ALICE, BOB, in_use, line
from .server import SipServer

TRACED = re.compile(r"(UDP|TCP|TLS) \S+?:(\d+) -> \S+?:(\d+)$")

PhoneFactory = Callable[..., Phone]


def ready(make: PhoneFactory, servers: Iterable[SipServer],
          transport: str = "udp", aor: str = ALICE, password: str = "",
          extra: str = "", **options) -> Phone:
    """A phone, registered with the first server."""
    phone = make(line(*servers, transport=transport, aor=aor,
                      password=password, extra=extra), **options)
    in_use(phone, 1)
    return phone


def invites(server: SipServer, since: float = 0.0) -> list[Entry]:
    """INVITEs that open a dialog, without retransmissions."""
    return [e for e in server.recorder.begun("INVITE", since)
            if not e.msg.to_tag]


def callee(msg: sip.Message) -> str:
    """The user that an INVITE is for."""
    return sip.uri_parts(sip.uri_of(msg.get("To")))[0]


def counters(phone: Phone, aor: str = "") -> dict[str, int]:
    return phone.account_status(aor)["counters"]


def call_ids(phone: Phone, n: int = 1) -> tuple[str, str]:
    """Old and new Call-ID, as the nth moved call's log line has them."""
    _, text = phone.wait_log(r"Call-ID \S+ -> \S+", n=n)
    match = re.search(r"Call-ID (\S+) -> (\S+)", text)
    assert match
    return match.group(1), match.group(2)


def moved_once(phone: Phone, server: SipServer) -> Call:
    """The one call has been set up at a server, with media, and has never
    been closed for the user."""
    call, = server.calls.wait_state("established")
    phone.wait_event("CALL_ESTABLISHED")
    call.rtp.wait(20)
    assert call.server == server.name
    assert len({e.call_id for e in invites(server)}) == 1
    assert not phone.events("CALL_CLOSED")
    return call


def talk(phone: Phone, server: SipServer, direction: str = "outgoing",
         **offer: bool) -> Call:
    """A call through a B2BUA; the far end's side of it. What it offers in an
    incoming call is calls.py's."""
    if direction == "outgoing":
        phone.dial(BOB)
    else:
        server.call(ALICE, **offer)
        phone.wait_event("CALL_INCOMING")
        phone.answer()
    call, = server.calls.wait_state("established")
    call.rtp.wait(10)
    phone.wait_event("CALL_ESTABLISHED")
    return call


def stranger_says(phone: Phone, method: str, uri: str,
                  *headers: tuple[str, str]) -> int:
    """A request from somewhere; the status that the phone answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE_S)
        sock.bind((ports.HOST, 0))
        request = sip.Message(method, uri, headers=[
            ("Via", f"SIP/2.0/UDP {ports.HOST}:{sock.getsockname()[1]}"
             f";branch={sip.new_branch()};rport"), ("Max-Forwards", "70"),
            ("CSeq", f"4711 {method}"), *headers])
        sock.sendto(request.encode(), (ports.HOST, phone.port))
        return sip.parse(sock.recv(2048)).status


def settle(phone: Phone, seconds: float) -> None:
    """Let time pass, while the phone lives."""
    end = time.monotonic() + seconds
    phone.wait(lambda: time.monotonic() > end, seconds + 5)
    assert phone.running, str(phone.log)


# What baresip -s prints: (to a server?, its port, start line, branch, CSeq)
Seen = tuple[bool, int, str, str, str]


def _seen(sent: bool, port: int, msg: sip.Message) -> Seen:
    return sent, port, msg.start_line, msg.branch, msg.get("CSeq")


def _printed_head(lines: list[str]) -> sip.Message:
    """The headers are enough: what the body is, its length tells."""
    head = [text for text in lines[:lines.index("")]
            if not text.startswith("Content-Length")]
    return sip.parse("\r\n".join(head).encode() + b"\r\n\r\n")


def printed(phone: Phone, servers: Iterable[SipServer]) -> Counter:
    """The messages to and from servers that the phone has printed."""
    known = {server.port for server in servers}
    lines = [text for _, text in list(phone.log.lines)]
    found: Counter = Counter()
    for number, text in enumerate(lines):
        match = TRACED.match(text)
        if match and "" in lines[number:]:      # it is all there
            source, target = int(match.group(2)), int(match.group(3))
            if not {source, target} & known:    # the module's, to libre
                continue
            sent = target in known
            found[_seen(sent, target if sent else source,
                        _printed_head(lines[number + 1:]))] += 1
    return found


def recorded(servers: Iterable[SipServer]) -> Counter:
    """The same, as the servers have seen it."""
    return Counter(_seen(not entry.sent, server.port, entry.msg)
                   for server in servers
                   for entry in server.recorder.entries())
