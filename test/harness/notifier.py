# SPDX-License-Identifier: BSD-3-Clause
"""What a scripted server does with SUBSCRIBE and PUBLISH: RFC 6665, 3903.
Subscriptions and publications are those of one server, so another one
answers 481 and 412 to what belongs to them."""

from typing import TYPE_CHECKING

from . import sip

if TYPE_CHECKING:
    from .server import Request, SipServer

PIDF = """\
<?xml version="1.0"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="{uri}">
<tuple id="1"><status><basic>{status}</basic></status></tuple>
</presence>
"""


class Notifier:
    """Answers SUBSCRIBE and PUBLISH of one server; its attributes are what
    it says of everybody."""

    def __init__(self, server: "SipServer") -> None:
        self.server = server
        self.voice_messages = 0
        self.presence = "open"
        self.max_expires_s = 86400              # above: shortened
        self.subscribed: set[str] = set()       # Call-ID
        self.published: dict[str, str] = {}     # entity tag: body
        server.behave("SUBSCRIBE", script=self._subscribe)
        server.behave("PUBLISH", script=self._publish)

    def first(self, method: str, event: str, since: float = 0.0) -> list:
        """Requests of the event that were no refresh."""
        return [e for e in self.server.recorder.requests(method, since)
                if e.msg.get("Event") == event and not e.msg.to_tag
                and e.msg.get("Expires") != "0"]

    def _subscribe(self, req: "Request") -> None:
        msg = req.msg
        expires = str(min(int(msg.get("Expires", "3600")),
                          self.max_expires_s))
        if msg.to_tag and msg.call_id not in self.subscribed:
            req.reply(481)
            return
        tag = msg.to_tag or sip.new_tag()
        self.subscribed.add(msg.call_id)
        req.reply(200, headers=[("Expires", expires),
                                self.server.contact(req)], to_tag=tag)
        if expires == "0":
            self.subscribed.discard(msg.call_id)
        self._notify(req, tag, expires)

    def _notify(self, req: "Request", tag: str, expires: str) -> None:
        kind, body = self._state(req.msg)
        state = "terminated;reason=timeout" if expires == "0" \
            else f"active;expires={expires}"
        sender = req.msg.get("To").split(";tag=")[0]
        uri = sip.uri_of(req.msg.get("Contact"))
        self.server.uac.send("NOTIFY", uri, req.flow, [
            ("From", f"{sender};tag={tag}"), ("To", req.msg.get("From")),
            ("Call-ID", req.msg.call_id), ("CSeq", f"{req.msg.cseq} NOTIFY"),
            self.server.contact(req), ("Event", req.msg.get("Event")),
            ("Subscription-State", state), ("Content-Type", kind)], body)

    def _state(self, msg: sip.Message) -> tuple[str, bytes]:
        if msg.get("Event") == "message-summary":
            waiting = "yes" if self.voice_messages else "no"
            return "application/simple-message-summary", (
                f"Messages-Waiting: {waiting}\r\n"
                f"Voice-Message: {self.voice_messages}/0\r\n").encode()
        return "application/pidf+xml", PIDF.format(
            uri=msg.aor, status=self.presence).encode()

    def _publish(self, req: "Request") -> None:
        match = req.msg.get("SIP-If-Match")
        if match and match not in self.published:
            req.reply(412, "Conditional Request Failed")
            return
        body = req.msg.body.decode() or self.published.pop(match, "")
        tag = sip.new_tag()
        if req.msg.get("Expires") != "0":
            self.published[tag] = body
        req.reply(200, headers=[("SIP-ETag", tag),
                                ("Expires", req.msg.get("Expires"))])
