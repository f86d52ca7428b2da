# SPDX-License-Identifier: BSD-3-Clause
"""Calls from a scripted server to a phone, and its BYE in any call."""

from typing import TYPE_CHECKING, Callable

from . import calls, ports, sip
from .transport import Flow

if TYPE_CHECKING:
    from .server import SipServer

T1_S, T2_S, LIMIT_S = 0.5, 4.0, 32.0

ResponseHandler = Callable[[sip.Message], None]


class Uac:
    def __init__(self, server: "SipServer") -> None:
        self.server = server
        self._waiting: dict[str, ResponseHandler] = {}   # by branch

    async def invite(self, target: str, caller: str = "sip:caller@test",
                     callee: str = "", proxy: str = "",
                     record_route: str = "",
                     video: bool = False) -> calls.Call:
        """Send an INVITE to an AOR's binding, or to a contact URI.

        Returns at once; wait on the server's CallTable for its state.
        callee: what the To says, by default the target.
        proxy: URI of a proxy that is to find the way.
        record_route: a Record-Route value, such as "<sip:…;lr>" with the
        server's own URI, to look like a call through a proxy.
        """
        bound = {} if proxy else self.server.table.bindings(target)
        contact = next(iter(bound), target)
        flow = await self.server.flow_to(proxy or contact)
        sink = calls.RtpSink()

        msg = self._request("INVITE", contact, flow)
        local_tag = sip.new_tag()
        msg.headers += [
            ("From", f"<{caller}>;tag={local_tag}"),
            ("To", f"<{callee or sip.aor(target)}>"),
            ("Call-ID", sip.new_tag()), ("CSeq", "1 INVITE"),
            ("Contact", f"<{self.server.own_uri(flow.kind)}>"),
            ("Content-Type", "application/sdp")]
        if record_route:
            msg.headers.append(("Record-Route", record_route))
        msg.body = calls.sdp(sink.port, calls.VIDEO if video else b"",
                             self.server.media_host)

        call = self.server.calls.add(calls.Call(
            msg.call_id, local_tag, "", True, msg, self.server.name, sink))
        self._send(msg, flow,
                   lambda answer: self._answered(call, msg, flow, answer))
        return call

    async def bye(self, call: calls.Call) -> None:
        """End an established call from the far end's side, along its
        route set."""
        hops = [sip.uri_of(route) for route in call.route_set]
        flow = await self.server.flow_to((hops or [call.remote_target])[0])
        msg = self._request("BYE", call.remote_target, flow)
        call.local_cseq += 1
        near, far = ("From", "To") if call.outgoing else ("To", "From")
        msg.headers += [
            ("From", self._with_tag(call.invite.get(near), call.local_tag)),
            ("To", self._with_tag(call.invite.get(far), call.remote_tag)),
            ("Call-ID", call.call_id), ("CSeq", f"{call.local_cseq} BYE")]
        msg.headers += [("Route", route) for route in call.route_set]

        def answered(answer: sip.Message) -> None:
            if answer.status >= 200:
                self.server.calls.set_state(
                    call, calls.ENDED, f"local BYE {answer.status}",
                    self.server.name)

        self._send(msg, flow, answered)

    def send(self, method: str, uri: str, flow: Flow, headers: sip.Headers,
             body: bytes = b"") -> None:
        """A request of any other kind; nobody looks at the answer."""
        msg = self._request(method, uri, flow)
        msg.headers += headers
        msg.body = body
        self._send(msg, flow, lambda answer: None)

    def response(self, msg: sip.Message) -> bool:
        """True when the answer belongs to a request of ours."""
        handler = self._waiting.get(msg.branch)
        if handler:
            handler(msg)
        return handler is not None

    def _request(self, method: str, uri: str, flow: Flow) -> sip.Message:
        via = (f"SIP/2.0/{flow.kind.upper()} {ports.HOST}:{self.server.port}"
               f";branch={sip.new_branch()};rport")
        return sip.Message(method, uri, headers=[
            ("Via", via), ("Max-Forwards", "70")])

    @staticmethod
    def _with_tag(value: str, tag: str) -> str:
        return value if sip.tag(value) else f"{value};tag={tag}"

    def _send(self, msg: sip.Message, flow: Flow,
              handler: ResponseHandler) -> None:
        """Send, again until an answer comes, the handler gets each."""
        answered = False
        wait_s, spent_s = T1_S, 0.0

        def on_answer(answer: sip.Message) -> None:
            nonlocal answered
            answered = True
            handler(answer)

        def again() -> None:
            nonlocal wait_s, spent_s
            spent_s += wait_s
            if answered or flow.reliable or spent_s > LIMIT_S:
                return
            self.server.send(msg, flow)
            wait_s = min(2 * wait_s, T2_S)
            self.server.later(wait_s * 1000, again)

        self._waiting[msg.branch] = on_answer
        self.server.send(msg, flow)
        self.server.later(wait_s * 1000, again)

    def _answered(self, call: calls.Call, invite: sip.Message, flow: Flow,
                  answer: sip.Message) -> None:
        table = self.server.calls
        if answer.status < 200:
            if answer.status > 100:
                table.set_state(call, calls.RINGING)
            return

        call.status = answer.status
        call.remote_tag = answer.to_tag
        ok = answer.status < 300
        if ok:
            call.remote_target = sip.uri_of(answer.get("Contact"))
            call.route_set = answer.all("Record-Route")[::-1]
        self._ack(invite, answer, flow, call.remote_target if ok else "")
        if not ok:
            table.set_state(call, calls.FAILED, str(answer.status))
        elif call.state != calls.ESTABLISHED:
            table.set_state(call, calls.ESTABLISHED)

    def _ack(self, invite: sip.Message, answer: sip.Message, flow: Flow,
             target: str) -> None:
        """To a 2xx a request of its own, else part of the transaction."""
        msg = self._request("ACK", target or invite.uri, flow)
        if not target:
            msg.set("Via", invite.get("Via"))
        msg.headers += [("From", invite.get("From")),
                        ("To", answer.get("To")),
                        ("Call-ID", invite.call_id), ("CSeq", "1 ACK")]
        self.server.send(msg, flow)
