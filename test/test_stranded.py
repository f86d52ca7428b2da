# SPDX-License-Identifier: BSD-3-Clause
"""A call whose server accepts no connection any more, over TCP and TLS: the
user is told, and the call goes on.  What else is tried in such a call:
test_within.py."""

import contextlib
import socket
import time

import pytest

from harness import ports
from harness.dialling import ready, settle, talk
from harness.scenario import BOB, TRANSACTION_S, in_use
from test_within import options, within

WAITING = 4                             # more than the socket's queue holds


@contextlib.contextmanager
def crowd(port):
    """Connections to this port hang, as those to a host without power: the
    queue of its socket is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ports.HOST, port))
        listener.listen(0)
        for _ in range(WAITING):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex((ports.HOST, port))
        yield


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_server_is_back(transport, server_group, phone_factory):
    """What was said of the call is true: hold works when the server is there
    again."""
    primary, backup = servers = server_group(2, transports=(transport,))
    phone = ready(phone_factory, servers, transport,
                  config=options(transport))
    call = talk(phone, primary)
    primary.kill()
    _, text = phone.wait_log("hold and transfer fail until server 1")
    assert BOB in text and call.call_id in text
    primary.start()
    since = time.monotonic()
    phone.do("hold")
    phone.wait(lambda: within(primary, "ACK", since) or
               within(backup, "ACK", since))
    assert call.active and not phone.events("CALL_CLOSED")
    assert len(phone.log.find("hold and transfer fail")) == 1


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_hangs(transport, server_group, phone_factory):
    """Nobody answers where the call's server was, or its TLS handshake hangs:
    what libre cannot send fails, and the call goes on."""
    primary, backup = servers = server_group(2, transports=(transport,))
    phone = ready(phone_factory, servers, transport,
                  config=options(transport))
    call = talk(phone, primary)
    primary.kill()
    with crowd(primary.port) if transport == "tcp" \
            else contextlib.nullcontext():
        if transport == "tls":
            primary.set_tls(instead=b"")
            primary.start()
        in_use(phone, 2)
        phone.do("hold")
        phone.wait_log("hold and transfer fail until server 1")
        settle(phone, TRANSACTION_S + 1)
        assert call.active and not phone.events("CALL_CLOSED")
        phone.hangup()
        backup.calls.wait_state("ended")


def test_slow_connection(server_group, phone_factory):
    """The connection to the call's server opens late: what is sent over it
    then is not said to be unsent."""
    primary, backup = servers = server_group(2, transports=("tcp",))
    phone = ready(phone_factory, servers, "tcp",
                  config={"failover_flow": "no"})
    call = talk(phone, primary)
    primary.kill()
    since = time.monotonic()
    with crowd(primary.port):
        phone.do("hold")
        settle(phone, 0.6)              # past T1
    primary.start()
    phone.wait(lambda: within(primary, "ACK", since) or
               within(backup, "ACK", since))
    assert call.active and not phone.log.find("could not be sent")
