# SPDX-License-Identifier: BSD-3-Clause
"""Calls as the far end sees them: dialogs, and the media that arrives.

The table may be shared by several servers, as the specification wants it
of a primary and a backup: a BYE is then known at whichever it arrives.
"""

import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Callable, Optional

from . import ports, run
from .sip import Message


class RtpSink:
    """Counts the packets that arrive at a UDP port on loopback."""

    def __init__(self) -> None:
        self.port = ports.free_port(ports.SINK_RANGE, 2)
        self.packets = 0
        self.first_at: Optional[float] = None
        self._grown = threading.Condition()
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((ports.HOST, self.port))
        self._sock.settimeout(0.2)
        self._open = True
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while self._open:
            try:
                self._sock.recv(2048)
            except TimeoutError:
                continue
            except OSError:
                break
            with self._grown:
                self.packets += 1
                self.first_at = self.first_at or time.monotonic()
                self._grown.notify_all()
        self._sock.close()

    def wait(self, packets: int = 10, timeout: float = run.PATIENCE_S) -> int:
        """Wait for so many more packets than now; AssertionError if they
        do not come."""
        with self._grown:
            goal = self.packets + packets
            if not self._grown.wait_for(lambda: self.packets >= goal,
                                        timeout):
                raise AssertionError(
                    f"{self.packets} RTP packets, wanted {goal}")
            return self.packets

    def close(self) -> None:
        if self._open:
            self._open = False
            self._thread.join()
            ports.release(self.port)
            ports.release(self.port + 1)


VIDEO = b"m=video 9 RTP/AVP 100\r\na=rtpmap:100 VP8/90000\r\n"


def _video(offer: bytes) -> str:
    """The video of an offer, taken; it leads to the discard port."""
    _, found, text = offer.partition(b"m=video ")
    return "m=video 9 " + text.split(b" ", 1)[1].decode() if found else ""


def sdp(port: int, offer: bytes = b"", host: str = ports.HOST) -> bytes:
    """An offer or answer of G.711 that leads to a port of an IPv4 host; with
    video, if that is in the offer."""
    lines = ["v=0", f"o=- {port} 1 IN IP4 {host}", "s=-",
             f"c=IN IP4 {host}", "t=0 0",
             f"m=audio {port} RTP/AVP 0 8",
             "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000",
             "a=sendrecv"]
    return ("\r\n".join(lines) + "\r\n" + _video(offer)).encode()


# The states of a call.  The last three are ends.
INVITED, RINGING, ESTABLISHED = "invited", "ringing", "established"
ENDED, CANCELLED, FAILED = "ended", "cancelled", "failed"


@dataclass
class Call:
    """One dialog, or an INVITE on its way to become one."""

    call_id: str
    local_tag: str
    remote_tag: str
    outgoing: bool              # True: the server called the phone
    invite: Message
    server: str                 # where it was set up
    rtp: Optional[RtpSink] = None
    state: str = INVITED
    remote_target: str = ""
    route_set: list[str] = field(default_factory=list)
    local_cseq: int = 1
    remote_cseq: int = 0
    acked: bool = False
    status: int = 0             # of the final answer
    invited_at: float = field(default_factory=time.monotonic)
    established_at: Optional[float] = None
    ended_at: Optional[float] = None
    ended_by: str = ""          # "BYE", "CANCEL", "local BYE 200", "486"
    ended_via: str = ""         # name of the server that heard the end

    def sdp(self, offer: bytes = b"", host: str = ports.HOST) -> bytes:
        return sdp(self.rtp.port if self.rtp else 9, offer, host)

    @property
    def active(self) -> bool:
        """Alive for the far end's user: it rings, or people talk."""
        return self.state in (RINGING, ESTABLISHED)


class CallTable:
    """All calls of one or more servers, ended ones included."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._calls: list[Call] = []
        self.max_active = 0     # the most that were active at once

    def add(self, call: Call) -> Call:
        with self._changed:
            self._calls.append(call)
            self._changed.notify_all()
        return call

    def set_state(self, call: Call, state: str, by: str = "",
                  via: str = "") -> None:
        with self._changed:
            late = state == RINGING and call.state == ESTABLISHED
            if late or call.state in (ENDED, CANCELLED, FAILED):
                return
            call.state = state
            if state == ESTABLISHED:
                call.established_at = time.monotonic()
            elif state in (ENDED, CANCELLED, FAILED):
                call.ended_at = time.monotonic()
                call.ended_by, call.ended_via = by, via
            self.max_active = max(self.max_active, len(self.active()))
            self._changed.notify_all()

    def all(self, since: float = 0.0) -> list[Call]:
        with self._changed:
            return [c for c in self._calls if c.invited_at >= since]

    def active(self) -> list[Call]:
        """Calls that ring or are established."""
        return [call for call in self.all() if call.active]

    def established(self) -> list[Call]:
        return [c for c in self.all() if c.state == ESTABLISHED]

    def find(self, call_id: str, local_tag: str = "",
             remote_tag: str = "") -> Optional[Call]:
        """The newest call with this Call-ID, and these tags where given."""
        for call in reversed(self.all()):
            if call.call_id == call_id \
                    and local_tag in ("", call.local_tag) \
                    and remote_tag in ("", call.remote_tag):
                return call
        return None

    def wait(self, predicate: Callable[["CallTable"], bool],
             timeout: float = run.PATIENCE_S, what: str = "a call") -> None:
        """AssertionError when the predicate does not come true in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: predicate(self), timeout):
                raise AssertionError(
                    f"waited {timeout} s for {what}\n{self.report()}")

    def wait_state(self, state: str, n: int = 1,
                   timeout: float = run.PATIENCE_S) -> list[Call]:
        """Wait until n calls are in a state; return those."""
        def matching(_table: "CallTable") -> list[Call]:
            return [c for c in self.all() if c.state == state]

        self.wait(lambda t: len(matching(t)) >= n, timeout,
                  f"{n} calls {state}")
        return matching(self)

    def close(self) -> None:
        for call in self.all():
            if call.rtp:
                call.rtp.close()

    def report(self) -> str:
        return "\n".join(
            f"{c.invited_at:.3f} {'out' if c.outgoing else 'in '} "
            f"{c.call_id} {c.server} {c.state} "
            f"{c.ended_by} {c.rtp.packets if c.rtp else '-'} RTP packets"
            for c in self.all())
