# SPDX-License-Identifier: BSD-3-Clause
"""A SIP server that a test scripts: registrar, far end of calls, proxy.

It runs on an asyncio loop in a thread of its own.  Its methods may be
called from the test at any time; what they change holds for the next
message.  Delays are in ms, everything else in seconds.
"""

import asyncio
import collections
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Coroutine, Optional, Union

from . import calls, ports, sip
from .location import LocationTable
from .proxy import Proxy
from .record import Entry, Recorder
from .registrar import Registrar
from .transport import Flow, Listener
from .uac import Uac
from .uas import CallPlan, Uas

T1_S, T2_S = 0.5, 4.0
FLUSH_S = 0.02                      # a server that hangs up has sent it by then
VOID = 100, "void"                  # in place of a message: trace.c

Delay = Union[float, Callable[[sip.Message], float]]


@dataclass
class Behaviour:
    """What is done with the requests of one method."""

    silent: bool = False        # received, recorded, and nothing else
    status: int = 0             # above 0: answer just this
    reason: str = ""
    headers: sip.Headers = field(default_factory=list)
    handle_delay: Delay = 0     # ms, before the request has any effect
    answer_delay: Delay = 0     # ms, between the effect and the answer
    script: Optional[Callable[["Request"], None]] = None    # instead of all


def _ms(delay: Delay, msg: sip.Message) -> float:
    return delay(msg) if callable(delay) else delay


class Request:
    """A request and its server transaction."""

    def __init__(self, server: "SipServer", msg: sip.Message,
                 flow: Flow) -> None:
        self.server, self.msg, self.flow = server, msg, flow
        self.answer: Optional[bytes] = None     # the last one sent
        self.final = 0                          # its status when final
        self.call: Optional[calls.Call] = None
        self.acked = False

    def reply(self, status: int, reason: str = "",
              headers: Optional[sip.Headers] = None, body: bytes = b"",
              to_tag: str = "") -> None:
        """Answer, after the method's answer_delay."""
        if status >= 200:
            self.final = status
        msg = sip.response(self.msg, status, reason, headers or [], body,
                           to_tag)
        delay = self.server.behaviour(self.msg.method).answer_delay
        self.server.later(_ms(delay, self.msg), lambda: self._send(msg))

    def _send(self, msg: sip.Message) -> None:
        self.answer = msg.encode()
        self.server.send(msg, self.flow)
        if self.msg.method == "INVITE" and msg.status >= 200:
            self._repeat(msg, T1_S)

    def _repeat(self, msg: sip.Message, wait_s: float) -> None:
        """The final answer to an INVITE goes out until the ACK comes."""
        if self.flow.reliable and msg.status >= 300:
            return
        spent_s = 0.0

        def again() -> None:
            nonlocal wait_s, spent_s
            if self.acked or spent_s > 64 * T1_S:
                return
            self.server.send(msg, self.flow)
            spent_s += wait_s
            wait_s = min(2 * wait_s, T2_S)
            self.server.later(wait_s * 1000, again)

        self.server.later(wait_s * 1000, again)


class SipServer:
    def __init__(self, port: int = 0, transports: tuple[str, ...] = ("udp",),
                 table: Optional[LocationTable] = None,
                 call_table: Optional[calls.CallTable] = None,
                 name: str = "server", host: str = ports.HOST) -> None:
        self.port = port or ports.free_port()
        self.host, self.name, self.transports = host, name, transports
        self.alias = ""                 # another name for host
        self.media_host = ports.HOST    # in its offers and answers
        self.shows_alias = True         # in Contact and Record-Route
        self.table = table or LocationTable()
        self.calls = call_table or calls.CallTable()
        self.recorder = Recorder()
        self.registrar = Registrar(self.table, name)
        self.plan = CallPlan()
        self.mode = "uas"               # or "proxy", for calls
        self.uas, self.uac = Uas(self), Uac(self)
        self.proxy = Proxy(self)
        self.running = False
        self.hangs_up = False           # closes after each final answer

        self._behaviours: dict[str, Behaviour] = {}
        self._passwords: dict[str, str] = {}    # user -> password
        self._auth_methods: tuple[str, ...] = ()
        self._nonces: set[str] = set()
        self._transactions: dict[tuple, Request] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._held: Optional[collections.deque] = None
        self._listener = Listener(self.host, self.port, transports,
                                  self._receive)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever,
                                        name=name, daemon=True)
        self._thread.start()

    # For tests: life

    def start(self) -> "SipServer":
        """Open the sockets; after kill() at the same port, all forgotten
        but the shared tables."""
        self._run(self._listener.open())
        self.running = True
        return self

    def kill(self, reset: bool = False, keep: bool = False) -> None:
        """Close the sockets as the end of the process would: UDP brings
        ICMP, TCP is refused.  With reset, connections end with RST.  With
        keep, who connects waits until start()."""
        async def dead() -> None:
            for timer in self._timers:
                timer.cancel()
            self._timers.clear()
            self._transactions.clear()
            self._nonces.clear()
            self._held = collections.deque()    # what comes while it dies
            await self._listener.close(reset, keep)
            self._held = None

        self.running = False
        self._run(dead())

    def hold(self) -> None:
        """Stop like a process under SIGSTOP: what arrives is kept."""
        async def stop() -> None:
            if self._held is None:
                self._held = collections.deque()

        self._run(stop())

    def release(self) -> None:
        """Go on, first with what has arrived meanwhile, in order."""
        async def go_on() -> None:
            held, self._held = self._held or (), None
            for action in held:
                action()

        self._run(go_on())

    def deafen(self) -> None:
        """Vanish like a host without power, or one that a NAT forgot: the
        connections stay, and nothing that arrives has any effect."""
        async def deaf() -> None:
            self._listener.deafen()

        self._run(deaf())

    def hear(self) -> None:
        """There again; connections of before stay dead."""
        async def back() -> None:
            self._listener.hear()

        self._run(back())

    def lose(self, lost: bool = True) -> None:
        """What comes over the connections of now is lost, until lose(False):
        then it comes if the phone's kernel sends it again."""
        async def losing() -> None:
            self._listener.lose(lost)

        self._run(losing())

    def only_from(self, port: int) -> None:
        """Until the next kill(): packets from any other UDP port of this
        host are rejected, ICMP port unreachable."""
        async def filtered() -> None:
            self._listener.only_from((self.host, port))

        self._run(filtered())

    def reboot(self) -> None:
        """There again at once, but knows no connection any more: who uses
        one gets RST.  Needs CAP_NET_ADMIN."""
        self._run(self._listener.reboot())

    def cut(self, reset: bool = False) -> None:
        """End all connections, with FIN or RST; new ones are welcome."""
        self._run(self._listener.cut(reset))

    def hang_connecting(self) -> None:
        """Connections end, and who opens one gets no answer."""
        self.deafen()
        self.cut()

    def set_tls(self, certificate: str = "",
                instead: Optional[bytes] = None) -> None:
        """Of the next start(): a PEM file, or what is said in place of TLS,
        where b"" is silence."""
        self._listener.certificate = certificate
        self._listener.instead = instead

    @property
    def raw(self) -> bytes:
        """What came in answer to that."""
        return bytes(self._listener.raw)

    @property
    def began(self) -> float:
        """When the last message over a connection began to arrive."""
        return self._listener.began

    def catch_up(self) -> float:
        """All that has arrived by now is in the record; the time then."""
        async def rounds() -> None:
            for _ in range(50):         # each reads one packet of a socket
                await asyncio.sleep(0)

        self._run(rounds())
        return time.monotonic()

    def close(self) -> None:
        """The end of the test: sockets, media and the thread."""
        if self.running:
            self.kill()
        self.calls.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        ports.release(self.port)

    # For tests: behaviour

    def behave(self, method: str, **kwargs: Any) -> None:
        """Set a method's Behaviour anew; without arguments, the normal.
        Method "*" is for all that have none of their own."""
        self._behaviours[method] = Behaviour(**kwargs)

    def behave_all(self, **kwargs: Any) -> None:
        """The same for every method, e.g. silent=True: a dead server."""
        self._behaviours = {"*": Behaviour(**kwargs)}

    def answer_calls(self, **kwargs: Any) -> None:
        """Set the CallPlan for the INVITEs to come."""
        self.plan = CallPlan(**kwargs)

    def require_auth(self, user: str, password: str,
                     methods: tuple[str, ...] = ("REGISTER", "INVITE", "BYE")
                     ) -> None:
        """Digest authentication; methods=() turns it off."""
        self._passwords[user] = password
        self._auth_methods = methods

    def call(self, aor_or_contact: str, **kwargs: Any) -> calls.Call:
        """Call a phone by its binding (or contact URI); see Uac.invite."""
        return self._run(self.uac.invite(aor_or_contact, **kwargs))

    def hangup(self, call: calls.Call) -> None:
        """The far end hangs up an established call: a BYE to the phone."""
        self._run(self.uac.bye(call))

    def uri(self, transport: str = "") -> str:
        """The server's URI, as for a phone's outbound parameter."""
        kind = transport or self.transports[0]
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"sip:{host}:{self.port};transport={kind}"

    def own_uri(self, transport: str) -> str:
        """The same, as the server has it in Contact and Record-Route."""
        if not self.alias or not self.shows_alias:
            return self.uri(transport)
        return f"sip:{self.alias}:{self.port};transport={transport}"

    def is_own(self, host: str, port: int) -> bool:
        """Do these stand for the server?"""
        return host in (self.host, self.alias) and port == self.port

    def report(self) -> str:
        return (f"--- {self.name}, port {self.port}: "
                f"{len(self.recorder.malformed)} malformed\n"
                f"{self.recorder.report()}\n{self.calls.report()}")

    # For the parts of the server: all on its loop

    def behaviour(self, method: str) -> Behaviour:
        found = self._behaviours.get(method) or self._behaviours.get("*")
        return found or Behaviour()

    def later(self, delay_ms: float, action: Callable[[], None]) -> None:
        """Do it after a delay, unless killed; not while held."""
        if delay_ms <= 0:
            self._act(action)
            return

        def due() -> None:
            self._timers.discard(timer)
            self._act(action)

        timer = self._loop.call_later(delay_ms / 1000, due)
        self._timers.add(timer)

    def send(self, msg: sip.Message, flow: Flow) -> None:
        self.recorder.add(Entry(time.monotonic(), msg, flow.kind, flow.peer,
                                sent=True))
        flow.send(msg.encode())
        if self.hangs_up and flow.reliable and msg.status >= 200:
            self._loop.call_later(FLUSH_S, flow.transport.abort)

    async def flow_to(self, uri: str) -> Flow:
        """A way to the host and port that a URI names."""
        _, host, port, params = sip.uri_parts(uri)
        return await self._listener.flow_to(
            params.get("transport", "udp").lower(), (host, port or 5060))

    def contact(self, req: Request) -> tuple[str, str]:
        return ("Contact", f"<{self.own_uri(req.flow.kind)}>")

    def spawn(self, job: Coroutine) -> None:
        self._loop.create_task(job)

    def _run(self, job: Coroutine) -> Any:
        return asyncio.run_coroutine_threadsafe(job, self._loop).result(120)

    def _act(self, action: Callable[[], None]) -> None:
        if self._held is None:
            action()
        else:
            self._held.append(action)

    def _receive(self, data: bytes, flow: Flow) -> None:
        try:
            msg = sip.parse(data)
        except ValueError:
            self.recorder.malformed.append(data)
            return
        if (msg.status, msg.call_id) == VOID:
            return
        self.recorder.add(Entry(time.monotonic(), msg, flow.kind, flow.peer))
        if msg.is_request:
            self._act(lambda: self._request(msg, flow))
        else:
            self._act(lambda: self._response(msg))

    def _response(self, msg: sip.Message) -> None:
        if not self.uac.response(msg):
            self.proxy.response(msg)

    def _request(self, msg: sip.Message, flow: Flow) -> None:
        behaviour = self.behaviour(msg.method)
        if behaviour.silent:
            return

        old = self._transactions.get(_key(msg))
        if msg.method == "ACK":
            self._ack(msg, flow, old)
        elif old:                           # a retransmission
            if old.answer:
                self.send(sip.parse(old.answer), flow)
        elif self._proxied(msg) and not behaviour.status \
                and not behaviour.script:
            self.later(_ms(behaviour.handle_delay, msg),
                       lambda: self._forward(Request(self, msg, flow)))
        else:
            req = Request(self, msg, flow)
            self._transactions[_key(msg)] = req
            self.later(_ms(behaviour.handle_delay, msg),
                       lambda: self._handle(req, behaviour))

    def _proxied(self, msg: sip.Message) -> bool:
        """It is for somebody else, and we are to send it on."""
        user, host, port, _ = sip.uri_parts(msg.uri)
        own = not user and (port == 0 or self.is_own(host, port))
        return self.mode == "proxy" and msg.method != "REGISTER" and not own

    def _forward(self, req: Request) -> None:
        if self._authentic(req):
            self.proxy.request(req)
        else:
            self._transactions[_key(req.msg)] = req

    def _ack(self, msg: sip.Message, flow: Flow,
             invite: Optional[Request]) -> None:
        for req in self._transactions.values():
            if req.msg.method == "INVITE" and req.final \
                    and req.msg.call_id == msg.call_id \
                    and req.msg.cseq == msg.cseq:
                req.acked = True
        if invite:
            return                          # of a failure: it ends here
        if self.mode == "proxy":
            self.proxy.request(Request(self, msg, flow))
        else:
            self.uas.ack(msg)

    def _handle(self, req: Request, behaviour: Behaviour) -> None:
        method = req.msg.method
        if behaviour.script:
            behaviour.script(req)
        elif not self._authentic(req):
            pass
        elif behaviour.status:
            req.reply(behaviour.status, behaviour.reason, behaviour.headers)
        elif method == "REGISTER":
            self.registrar.register(req)
        elif method == "INVITE":
            self.uas.invite(req)
        elif method == "BYE":
            self.uas.bye(req)
        elif method == "CANCEL":
            self.uas.cancel(req, self._transactions.get(
                _key(req.msg, "INVITE")))
        elif method == "REFER":
            req.reply(202, headers=[self.contact(req)])
        else:
            req.reply(200)

    def _authentic(self, req: Request) -> bool:
        """True, or a challenge has been sent."""
        if req.msg.method not in self._auth_methods:
            return True

        own = req.msg.method == "REGISTER"
        header = "Authorization" if own else "Proxy-Authorization"
        for value in (v for k, v in req.msg.headers if k == header):
            got = sip.digest_fields(value)
            password = self._passwords.get(got.get("username", ""))
            if got.get("nonce") in self._nonces and password is not None:
                if sip.digest_ok(value, req.msg.method, password):
                    return True
                req.reply(403)
                return False

        nonce = secrets.token_hex(12)
        self._nonces.add(nonce)
        req.reply(401 if own else 407, headers=[
            ("WWW-Authenticate" if own else "Proxy-Authenticate",
             f'Digest realm="test", nonce="{nonce}", qop="auth", '
             'algorithm=MD5')])
        return False


def _key(msg: sip.Message, method: str = "") -> tuple:
    """RFC 3261, 17.2.3: the branch, who set it, and the method."""
    method = method or msg.method
    sent_by = msg.top_via.split(";")[0]
    return msg.branch, sent_by, "INVITE" if method == "ACK" else method
