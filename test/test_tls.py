# SPDX-License-Identifier: BSD-3-Clause
"""UDP, TCP and TLS in any mixture, and certificates."""

import itertools
import os
import subprocess

import pytest

from harness import certificates, ports, run, sip
from harness.baresip import account
from harness.calls import CallTable
from harness.dialling import counters, invites
from harness.dns import Dns
from harness.location import LocationTable
from harness.scenario import (ALICE, AT_ONCE_S, BOB, QUICK, in_use, measured,
                              our_lines, restart)
from harness.tap import Tap
from test_unload import SLOW_S, VALGRIND, assert_clean, remove

KINDS = ("udp", "tcp", "tls")
SHIM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "harness",
                    "blind_shim.c")
OFTEN = {"failover_failback_interval": 1, "failover_failback_jitter": 0}


# Any mixture

def contact_kind(contact):
    """The transport that a contact names; none is UDP."""
    return sip.uri_parts(contact)[3].get("transport", "udp").lower()


def alone(table, server, kind):
    """The one binding is that at this server."""
    found = table.bindings(ALICE)
    return [(b.server, contact_kind(uri)) for uri, b in found.items()] \
        == [(server.name, kind)]


@pytest.mark.parametrize("kinds", itertools.product(KINDS, KINDS),
                         ids="-".join)
def test_mixture(kinds, server_factory, phone_factory):
    """Registered with the primary, a call through it, it goes silent: the
    call is hung up through the backup, another goes through that; then the
    way back."""
    table, call_table = LocationTable(), CallTable()
    primary, backup = (
        server_factory(name=f"pbx{number}", table=table,
                       call_table=call_table, transports=(kind,))
        for number, kind in enumerate(kinds, 1))
    port = ports.free_port()        # keeps the Contact one: docs/libre.md
    phone = phone_factory(account(ALICE, primary.uri(), backup.uri(),
                                  extra=f"tcpsrcport={port}"),
                          config={**QUICK, **OFTEN})
    in_use(phone, 1)
    assert alone(table, primary, kinds[0])

    phone.dial(BOB)
    call, = call_table.wait_state("established")
    phone.wait_event("CALL_ESTABLISHED")
    primary.deafen()
    phone.hangup()
    call_table.wait_state("ended")
    assert (call.ended_by, call.ended_via) == ("BYE", "pbx2")
    assert in_use(phone, 2)["servers"][1]["registered"]
    assert [e.transport for e in backup.recorder.requests("BYE")] \
        == [kinds[1]]

    phone.dial(BOB)
    call_table.wait_state("established")
    phone.wait_event("CALL_ESTABLISHED", n=2)
    assert invites(backup)[0].transport == kinds[1]
    phone.hangup()
    call_table.wait_state("ended", 2)

    primary.kill(reset=True)
    primary.start()
    in_use(phone, 1, timeout=20)
    assert table.wait(lambda table: alone(table, primary, kinds[0])), \
        table.report()
    assert counters(phone)["failbacks"] == 1


# Certificates

GOOD = "IP:127.0.0.1,DNS:pbx1.example.com"
BAD = {
    "expired": ((GOOD, -1), "certificate has expired"),
    "name": (("DNS:pbx9.example.com",),
             "certificate is for another name (pbx9.example.com)"),
    "authority": ((GOOD, 2, "Bad CA"),
                  "certificate is not signed by a known authority"),
    "itself": (None, "certificate is self-signed, not signed by a known "
               "authority"),
}


def certificate(cause):
    """A PEM file; without arguments the harness' own, self-signed."""
    given = BAD[cause][0]
    return certificates.signed(*given) if given else ""


@pytest.fixture
def guarded(parties, server_factory, phone_factory):
    """guarded(how the primary does TLS, its host, ...) -> primary behind a
    tap, backup with a good certificate, phone that has an authority"""
    def make(host=ports.HOST, wrapper=(), verify=None, **how):
        table, call_table = LocationTable(), CallTable()
        primary, backup = (
            server_factory(name=f"pbx{number}", table=table,
                           call_table=call_table, transports=("tls",))
            for number in (1, 2))
        for server, options in ((primary, how), (backup, {})):
            restart(server, **{"certificate": certificates.signed(GOOD),
                               **options})
        tap, dns = Tap(primary), Dns()
        parties.extend([tap, dns])
        phone = phone_factory(
            account(ALICE, tap.uri(host), backup.uri()), start=False,
            wrapper=wrapper, dns_port=dns.port,
            config={**QUICK, **OFTEN, **(verify or {}),
                    "sip_cafile": certificates.authority()})
        return tap, backup, phone.start(SLOW_S)

    return make


def checked(phone, tap, reason):
    """A failback check comes, and fails for this reason."""
    seen = len(tap.streams)
    phone.wait(lambda: len(tap.streams) > seen)
    phone.wait(lambda: phone.account_status()["failback"]["next_s"])
    status = phone.account_status()
    assert (status["state"], status["servers"][0]["state"],
            status["servers"][0]["reason"]) == ("backup", "down", reason)


@pytest.mark.parametrize("cause", BAD)
def test_bad_certificate(cause, guarded):
    """The account moves at once, stays away for as long as the certificate
    is bad, and returns when it is good; nothing is ever sent in clear."""
    reason = BAD[cause][1]
    tap, backup, phone = guarded(certificate=certificate(cause),
                                 host="pbx1.example.com")
    status = in_use(phone, 2)
    assert status["servers"][0]["reason"] == reason
    moved = backup.recorder.requests("REGISTER")[0].time
    took = moved - phone.wait_log("Local network address")[0]
    measured(f"bad certificate ({cause}), backup after", took)
    assert took < AT_ONCE_S
    assert our_lines(phone)[0].endswith(f": {reason}")
    checked(phone, tap, reason)
    checked(phone, tap, reason)
    assert counters(phone)["failbacks"] == 0
    assert not tap.server.recorder.entries()

    restart(tap.server, certificate=certificates.signed(GOOD))
    in_use(phone, 1)
    assert tap.server.recorder.requests("REGISTER")
    tap.assert_encrypted()
    assert len(tap.streams) >= 3


@pytest.mark.parametrize("told, server", [("yes", 2), ("no", 1)])
def test_told_to_verify(told, server, guarded):
    """An authority is enough for that (above), Baresip's key has the last
    word."""
    _, _, phone = guarded(certificate=certificate("expired"),
                          verify={"sip_verify_server": told})
    in_use(phone, server)


def test_bad_certificate_under_a_call(guarded):
    """The certificate expires while the account is registered, and the call
    is the first to notice."""
    tap, backup, phone = guarded(verify={"failover_flow": "no"})
    in_use(phone, 1)
    restart(tap.server, certificate=certificate("expired"))
    phone.wait(lambda: len(tap.ended) == len(tap.streams) == 1)
    phone.dial(BOB)
    call, = backup.calls.wait_state("established")
    assert call.server == backup.name
    status = in_use(phone, 2)
    assert status["servers"][0]["reason"] == "certificate has expired"
    assert status["counters"]["calls_moved"] == 1
    tap.assert_encrypted()


# Verification that cannot be had, on Baresip 1.0.0, where it is ours

@pytest.fixture(scope="module")
def blind_shim():
    target = os.path.join(run.new_folder("blind"), "blind_shim.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra",
                    "-Werror", "-o", target, SHIM, "-ldl"], check=True)
    return target


@pytest.fixture
def blinded(server_factory, phone_factory, blind_shim):
    """blinded(how, its backup's transport, ...) -> primary on TLS with a
    certificate that is no good, backup, phone"""
    def make(how, backup_kind, **config):
        table, call_table = LocationTable(), CallTable()
        primary, backup = (
            server_factory(name=f"pbx{number}", table=table,
                           call_table=call_table, transports=(kind,))
            for number, kind in ((1, "tls"), (2, backup_kind)))
        phone = phone_factory(
            account(ALICE, primary.uri(), backup.uri()),
            config={**QUICK, **OFTEN, **config},
            env={"LD_PRELOAD": blind_shim, "BLIND": how})
        return primary, backup, phone

    return make


REFUSED = "its certificate cannot be verified"


@pytest.mark.parametrize("how", ["hook", "peer"])
def test_verification_fails_closed(how, blinded):
    """A server on TLS is not used: it gets no message of the phone's, by
    failback checks neither."""
    primary, backup, phone = blinded(
        how, "udp", sip_cafile=certificates.authority())
    status = in_use(phone, 2)
    if phone.version == (1, 0):
        assert status["servers"][0]["reason"] == REFUSED
        assert bool(our_lines(phone, "certificates cannot be verified")) \
            == (how == "hook")
    phone.dial(BOB)
    call, = backup.calls.wait_state("established")
    phone.wait(lambda: len(our_lines(phone)) and
               phone.account_status()["failback"]["next_s"] is None)
    assert call.server == backup.name
    assert not primary.recorder.entries()
    assert counters(phone)["failbacks"] == 0


def test_all_servers_refused(blinded):
    """With TLS alone there is none left; the user is told why."""
    primary, backup, phone = blinded(
        "hook", "tls", sip_cafile=certificates.authority())
    phone.wait_state("down")
    said = our_lines(phone, "no server is available")
    if phone.version == (1, 0):
        assert said[0].count(REFUSED) == 2
    assert not primary.recorder.entries() + backup.recorder.entries()


@pytest.mark.parametrize("config", [{}, {
    "sip_verify_server": "no", "sip_cafile": "/dev/null"}])
def test_nothing_to_verify(config, blinded):
    """Nobody has asked for it: the servers are used."""
    if "sip_cafile" in config:
        config = {**config, "sip_cafile": certificates.authority()}
    _, _, phone = blinded("hook", "tls", **config)
    in_use(phone, 1)
    assert not our_lines(phone, "verified")


@pytest.mark.parametrize("answer", [b"SIP/2.0 400 Bad Request\r\n\r\n",
                                    b"\x15\x03\x03\x00\x02\x02\x28"],
                         ids=["clear", "alert"])
def test_no_tls_spoken(answer, guarded):
    """Something else than TLS listens there."""
    tap, backup, phone = guarded(instead=answer)
    in_use(phone, 2)
    reason = phone.account_status()["servers"][0]["reason"]
    if answer.startswith(b"SIP"):
        assert reason == ("TLS handshake failed: the server does not speak "
                          "TLS on this port")
    else:
        assert reason.startswith("TLS handshake failed: ")
        assert "handshake failure" in reason
    checked(phone, tap, reason)
    tap.assert_encrypted()
    assert tap.server.raw


@pytest.mark.slow
@pytest.mark.parametrize("end", ["quit", "rmmod"])
def test_memory(end, guarded):
    """Under valgrind: a bad certificate, a good one, and the end while a
    connection is open."""
    tap, _, phone = guarded(certificate=certificate("name"),
                            host="pbx1.example.com", wrapper=VALGRIND)
    in_use(phone, 2, timeout=SLOW_S)
    restart(tap.server, certificate=certificates.signed(GOOD))
    in_use(phone, 1, timeout=SLOW_S)
    if end == "rmmod":
        remove(phone)
    assert_clean(phone)
