# SPDX-License-Identifier: BSD-3-Clause
"""What a scripted server does with a REGISTER: RFC 3261, section 10.3."""

from typing import TYPE_CHECKING

from . import sip
from .location import LocationTable

if TYPE_CHECKING:
    from .server import Request

DEFAULT_EXPIRES_S = 3600


class Registrar:
    def __init__(self, table: LocationTable, name: str) -> None:
        self.table = table
        self.name = name
        self.min_expires_s = 0          # below: 423 with Min-Expires
        self.max_expires_s = 86400      # above: shortened

    def register(self, req: "Request") -> None:
        """Change the table as the request asks, answer with its bindings."""
        msg = req.msg
        contacts = msg.all("Contact")
        if any(value == "*" for value in contacts):
            fine = self._remove_all(msg)
        else:
            wanted = [(sip.uri_of(value), self._expires(msg, value))
                      for value in contacts]
            if any(0 < expires < self.min_expires_s
                   for _, expires in wanted):
                req.reply(423, headers=[
                    ("Min-Expires", str(self.min_expires_s))])
                return
            fine = all([self._bind(msg, uri, expires)
                        for uri, expires in wanted])

        if fine:
            req.reply(200, headers=self.contacts(msg.aor)
                      + self._outbound(req))
        else:
            req.reply(500, "Out of Order")

    def contacts(self, aor: str) -> sip.Headers:
        """Contact headers that list the present bindings of an AOR."""
        return [("Contact", f"<{b.contact}>;expires={b.expires_s}")
                for b in self.table.bindings(aor).values()]

    @staticmethod
    def _outbound(req: "Request") -> sip.Headers:
        """RFC 5626, section 6: it may watch its connection.  Over UDP the
        phone would ask by STUN, which nobody here answers."""
        wanted = any("reg-id" in sip.params(value)
                     for value in req.msg.all("Contact"))
        return [("Require", "outbound")] \
            if wanted and req.flow.reliable else []

    def _bind(self, msg: sip.Message, uri: str, expires_s: int) -> bool:
        return self.table.bind(msg.aor, uri,
                               min(expires_s, self.max_expires_s),
                               msg.call_id, msg.cseq, self.name)

    def _remove_all(self, msg: sip.Message) -> bool:
        if msg.get("Expires") != "0" or len(msg.all("Contact")) != 1:
            return False
        return self.table.unbind_all(msg.aor, msg.call_id, msg.cseq,
                                     self.name)

    @staticmethod
    def _expires(msg: sip.Message, contact: str) -> int:
        value = sip.params(contact).get("expires", msg.get("Expires"))
        return int(value) if value.isdigit() else DEFAULT_EXPIRES_S
