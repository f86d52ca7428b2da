# SPDX-License-Identifier: BSD-3-Clause
"""The far end that answers calls: INVITE, ACK, CANCEL, BYE.

It stands behind a scripted server as a B2BUA would: its Contact is the
server's own address.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Optional

from . import calls, sip

if TYPE_CHECKING:
    from .server import Request, SipServer


@dataclass
class CallPlan:
    """What happens to an INVITE; times in ms after its arrival.

    None means never: answer_ms=None keeps ringing, ringing_ms=None and
    answer_ms=None leave the caller with a 100 alone.
    """

    trying_ms: Optional[float] = 0
    ringing_ms: Optional[float] = 10
    answer_ms: Optional[float] = 30
    status: int = 200
    headers: sip.Headers = field(default_factory=list)
    media: bool = True          # offer an RTP sink, else a dead port
    reliable: bool = False      # the 180 wants a PRACK (RFC 3262)


class Uas:
    def __init__(self, server: "SipServer") -> None:
        self.server = server
        self.table = server.calls

    def invite(self, req: "Request") -> None:
        if req.msg.to_tag:
            self._reinvite(req)
            return

        plan = self.server.plan
        call = self.table.add(calls.Call(
            req.msg.call_id, sip.new_tag(), req.msg.from_tag, False,
            req.msg, self.server.name, calls.RtpSink() if plan.media else None,
            remote_target=sip.uri_of(req.msg.get("Contact")),
            route_set=req.msg.all("Record-Route"),
            remote_cseq=req.msg.cseq))
        req.call = call

        if plan.trying_ms is not None:
            self.server.later(plan.trying_ms, lambda: req.reply(100))
        if plan.ringing_ms is not None:
            self.server.later(plan.ringing_ms, lambda: self._ring(req, call, plan))
        if plan.answer_ms is not None:
            self.server.later(plan.answer_ms,
                              lambda: self._answer(req, call, plan))

    def _ring(self, req: "Request", call: calls.Call,
              plan: CallPlan) -> None:
        if not req.final and call.state == calls.INVITED:
            self.table.set_state(call, calls.RINGING)
            reliable = [("Require", "100rel"), ("RSeq", "1")]
            req.reply(180, headers=[self.server.contact(req),
                                    *(reliable if plan.reliable else [])],
                      to_tag=call.local_tag)

    def _answer(self, req: "Request", call: calls.Call,
                plan: CallPlan) -> None:
        if req.final:
            return
        call.status = plan.status
        if plan.status >= 300:
            self.table.set_state(call, calls.FAILED, str(plan.status))
            req.reply(plan.status, headers=plan.headers,
                      to_tag=call.local_tag)
        else:
            self.table.set_state(call, calls.ESTABLISHED)
            self._reply_sdp(req, call, plan.headers)

    def _reply_sdp(self, req: "Request", call: calls.Call,
                   headers: sip.Headers) -> None:
        req.reply(200, headers=[self.server.contact(req),
                                ("Content-Type", "application/sdp"),
                                *headers],
                  body=call.sdp(req.msg.body, self.server.media_host),
                  to_tag=call.local_tag)

    def _dialog(self, msg: sip.Message) -> Optional[calls.Call]:
        return self.table.find(msg.call_id, msg.to_tag, msg.from_tag)

    def _reinvite(self, req: "Request") -> None:
        call = self._dialog(req.msg)
        if call and call.state == calls.ESTABLISHED:
            call.remote_cseq = req.msg.cseq
            call.remote_target = sip.uri_of(req.msg.get("Contact"))
            self._reply_sdp(req, call, [])
        else:
            req.reply(481)

    def ack(self, msg: sip.Message) -> None:
        call = self._dialog(msg)
        if call:
            call.acked = True

    def cancel(self, req: "Request", invite: Optional["Request"]) -> None:
        """`invite` is the transaction that the CANCEL's branch names."""
        if invite is None:
            req.reply(481)
            return
        req.reply(200)
        if not invite.final:
            if invite.call:
                self.table.set_state(invite.call, calls.CANCELLED, "CANCEL",
                                     self.server.name)
            invite.reply(487, to_tag=invite.call.local_tag
                         if invite.call else "")

    def bye(self, req: "Request") -> None:
        call = self._dialog(req.msg)
        if not call or call.state != calls.ESTABLISHED:
            req.reply(481)
        elif req.msg.cseq <= call.remote_cseq:
            req.reply(500, "Out of Order")      # RFC 3261, 12.2.2
        else:
            call.remote_cseq = req.msg.cseq
            self.table.set_state(call, calls.ENDED, "BYE", self.server.name)
            req.reply(200)
