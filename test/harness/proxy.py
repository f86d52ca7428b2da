# SPDX-License-Identifier: BSD-3-Clause
"""A small stateless proxy: location lookup, Record-Route, loose routing."""

from typing import TYPE_CHECKING, Optional

from . import sip
from .transport import Flow

if TYPE_CHECKING:
    from .server import Request, SipServer


class Proxy:
    def __init__(self, server: "SipServer") -> None:
        self.server = server
        self.record_route = True
        self.route_params = ""              # more than ;lr
        self._back: dict[str, Flow] = {}    # our branch -> who sent it

    def request(self, req: "Request") -> None:
        """Send a request on; an INVITE is answered with 100 at once."""
        msg = req.msg
        if msg.method == "INVITE":
            self.server.send(sip.response(msg, 100), req.flow)

        out = sip.Message(msg.method, msg.uri, headers=list(msg.headers),
                          body=msg.body)
        self._pop_own_route(out)
        target = self._target(out)
        if target is None:
            if msg.method != "ACK":
                req.reply(404)
            return

        branch = "z9hG4bK" + sip.md5(msg.branch + self.server.name)
        self._back[branch] = req.flow
        if self.record_route and msg.method == "INVITE":
            out.headers.insert(0, ("Record-Route", self._own_route(req)))
        self.server.spawn(self._send(out, target, branch))

    def response(self, msg: sip.Message) -> None:
        """Hand an answer back to where the request came from."""
        flow = self._back.get(msg.branch)
        vias = msg.all("Via")[1:]
        if not flow or not vias or msg.status == 100:
            return
        msg.remove("Via")
        msg.headers = [("Via", via) for via in vias] + msg.headers
        self.server.send(msg, flow)

    async def _send(self, out: sip.Message, target: str,
                    branch: str) -> None:
        flow = await self.server.flow_to(target)
        via = (f"SIP/2.0/{flow.kind.upper()} {self.server.host}:"
               f"{self.server.port};branch={branch}")
        out.headers.insert(0, ("Via", via))
        self.server.send(out, flow)

    def _own_route(self, req: "Request") -> str:
        return f"<{self.server.own_uri(req.flow.kind)};lr{self.route_params}>"

    def _pop_own_route(self, msg: sip.Message) -> None:
        routes = msg.all("Route")
        while routes and self._is_own(sip.uri_of(routes[0])):
            routes.pop(0)
        msg.remove("Route")
        msg.headers += [("Route", route) for route in routes]

    def _is_own(self, uri: str) -> bool:
        _, host, port, _ = sip.uri_parts(uri)
        return self.server.is_own(host, port or 5060)

    def _target(self, msg: sip.Message) -> Optional[str]:
        """Where to send: the next Route, a binding, or the URI itself."""
        routes = msg.all("Route")
        if routes:
            return sip.uri_of(routes[0])

        bound = self.server.table.bindings(msg.uri)
        if bound:
            if msg.uri not in bound:
                msg.uri = next(iter(bound))
            return msg.uri
        _, host, port, _ = sip.uri_parts(msg.uri)
        if not port or (host, port) == (self.server.host, self.server.port):
            return None
        return msg.uri
