# SPDX-License-Identifier: BSD-3-Clause
"""filter_registrar of Baresip 3.15 and later: who may call."""

import pytest

from harness import calls
from harness.scenario import ALICE, binds, contact_uri, in_use, line

FILTER = {"filter_registrar": "udp,tcp,tls"}


@pytest.fixture
def parties_of(server_factory, phone_factory):
    """parties_of(**config) -> a phone, its servers and a stranger, each
    with an address of its own."""
    def make(**config):
        primary, backup, stranger = [
            server_factory(host=f"127.0.0.{i}", name=f"127.0.0.{i}")
            for i in (1, 2, 3)]
        phone = phone_factory(line(primary, backup),
                              config={**FILTER, **config})
        if phone.version < (3, 15):
            pytest.skip("this Baresip has no filter_registrar")
        in_use(phone, 1)
        return phone, primary, backup, stranger

    return make


def is_let_through(phone, server, contact: str) -> bool:
    """Does a call from there ring, or get 403?"""
    before = len(phone.events("CALL_INCOMING"))
    call = server.call(contact)
    phone.wait(lambda: call.state in (calls.RINGING, calls.FAILED))
    if call.state == calls.FAILED:
        assert call.status == 403
        return False
    phone.wait_event("CALL_INCOMING", n=before + 1)
    phone.hangup()
    return True


def test_standby_server_may_call(parties_of):
    phone, primary, backup, stranger = parties_of(failover_standby="yes")
    phone.wait(lambda: phone.account_status()["servers"][1]["registered"])
    contact = contact_uri(binds(primary)[0])
    assert is_let_through(phone, primary, contact)
    assert is_let_through(phone, backup, contact)
    assert not is_let_through(phone, stranger, contact)
    assert is_let_through(phone, backup, contact)


def test_server_that_lives_may_call(parties_of):
    """One of which nothing is known may not; the one that was left may,
    unless it has failed."""
    phone, primary, backup, stranger = parties_of(failover_retries=0)
    contact = contact_uri(binds(primary)[0])
    assert not is_let_through(phone, backup, contact)
    phone.do("failover_switch", f"{ALICE} 2")
    in_use(phone, 2)
    assert is_let_through(phone, primary, contact)
    assert is_let_through(phone, backup, contact)
    assert not is_let_through(phone, stranger, contact)

    phone.do("failover_switch", f"{ALICE} 1")
    in_use(phone, 1)
    primary.behave("REGISTER", status=503)
    phone.do("failover_switch", f"{ALICE} 2")
    in_use(phone, 2)
    phone.do("failover_switch", f"{ALICE} 1")
    phone.wait(lambda: phone.account_status()["servers"][0]["state"]
               == "down")
    in_use(phone, 2)
    assert not is_let_through(phone, primary, contact)
