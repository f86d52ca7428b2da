# SPDX-License-Identifier: BSD-3-Clause
"""The ways to a second server: the accounts and modules of a phone."""

from dataclasses import dataclass
from typing import Callable, Optional

from harness.baresip import Phone, account
from harness.dns import Dns
from harness.scenario import ALICE
from harness.server import SipServer

DOMAIN = "pbx.test"             # whose SRV records name both servers
TARGETS = "pbx1.test", "pbx2.test"


@dataclass(frozen=True)
class Way:
    title: str
    accounts: Callable[[str, str, str], list[str]]  # URIs, more parameters
    module: str = ""            # of Baresip's own
    uses_dns: bool = False


def _one_line(*parameters: str) -> Callable[[str, str, str], list[str]]:
    return lambda first, second, extra: [
        account(ALICE, first, second, extra=";".join((*parameters, extra)))]


def _by_priority(first: str, second: str, extra: str) -> list[str]:
    return [account(ALICE, uri, extra=f"prio={prio};{extra}")
            for prio, uri in enumerate((first, second))]


WAYS = {
    "failover": Way("failover", _one_line()),
    "serreg": Way("serreg", _by_priority, module="serreg"),
    "outbound": Way("sipnat=outbound", _one_line("sipnat=outbound"),
                    module="uuid"),
    "srv": Way("DNS SRV", lambda first, second, extra: [
        account(f"sip:alice@{DOMAIN}", extra=extra)], uses_dns=True),
    "alone": Way("Baresip alone", lambda first, second, extra: [
        account(ALICE, first, extra=extra)]),
}


def name_server(way: str, servers: list[SipServer],
                transport: str) -> Optional[Dns]:
    """One that prefers the first server, if the way needs one."""
    if not WAYS[way].uses_dns:
        return None
    dns = Dns()
    dns.srv(DOMAIN, transport, *(
        (name, server.port, 10 * number) for number, (name, server)
        in enumerate(zip(TARGETS, servers), 1)))
    return dns


def phone(way: str, servers: list[SipServer], transport: str,
          dns: Optional[Dns], extra: str, *modules: str) -> Phone:
    """Not started yet."""
    more = [WAYS[way].module] if WAYS[way].module else []
    options = {"dns_port": dns.port} if dns else {}
    return Phone(
        *WAYS[way].accounts(*(s.uri(transport) for s in servers), extra),
        failover=way == "failover", modules=[*more, *modules], **options)


def far_end(way: str) -> str:
    """Who is called."""
    return f"sip:bob@{DOMAIN if WAYS[way].uses_dns else '127.0.0.1'}"
