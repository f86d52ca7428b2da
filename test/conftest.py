# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures: phones and servers, taken down after each test.  When a test
fails, what they said is printed with it."""

import contextlib
import os

import pytest

from harness import baresip, postgres, run
from harness import ports as port_numbers
from harness.calls import CallTable
from harness.kamailio import KamailioGroup
from harness.location import LocationTable
from harness.names import Names
from harness.server import SipServer

PARTIES = pytest.StashKey[list]()


# One folder and one PostgreSQL for the run; xdist's workers inherit both

def pytest_configure(config):
    config.addinivalue_line("markers", "slow: waits for a timer of 32 s")
    if not hasattr(config, "workerinput"):
        run.begin()


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        run.end()


# What a failed test's parties said

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for party in item.stash.get(PARTIES, []):
            said = party.report().encode("utf-8", "replace").decode()
            report.sections.append((type(party).__name__, said))


@pytest.fixture
def parties(request):
    """Everything that runs for this test; closed in reverse order."""
    running = request.node.stash.setdefault(PARTIES, [])
    with contextlib.ExitStack() as stack:
        yield running
        for party in running:
            stack.callback(party.close)


@pytest.fixture
def ports():
    """The allocator of port numbers: ports.free_port()."""
    return port_numbers


@pytest.fixture
def server_factory(parties):
    """server_factory(**options of SipServer) -> a started SipServer."""
    def make(**options):
        server = SipServer(**options)
        parties.append(server)
        return server.start()

    return make


@pytest.fixture
def server_group(server_factory):
    """server_group(count, **options) -> servers that share the location
    table and the calls; named pbx1, pbx2, …"""
    def make(count=2, **options):
        table, call_table = LocationTable(), CallTable()
        return [server_factory(name=f"pbx{number}", table=table,
                               call_table=call_table, **options)
                for number in range(1, count + 1)]

    return make


@pytest.fixture
def server_pair(server_group):
    """A primary and a backup, on UDP and TCP."""
    return server_group(2, transports=("udp", "tcp"))


@pytest.fixture(scope="session")
def pg_cluster():
    """The run's PostgreSQL."""
    return postgres.shared_cluster(run.directory())


@pytest.fixture
def kamailio_group(parties, pg_cluster):
    """kamailio_group(count, **options of Kamailio) -> a KamailioGroup,
    started."""
    def make(count=2, **options):
        name = f"kamailio{os.getpid()}_{len(parties)}_{os.urandom(3).hex()}"
        group = KamailioGroup(pg_cluster, name, count, **options)
        parties.append(group)
        return group.start()

    return make


@pytest.fixture
def kamailio_pair(kamailio_group):
    """Two real servers with one location table, no authentication."""
    return kamailio_group(2)


@pytest.fixture
def names(parties):
    """A DNS server; to be told its records and started."""
    server = Names()
    parties.append(server)
    return server


@pytest.fixture
def phone_factory(parties):
    """phone_factory(account lines, **options of Phone) -> a Phone that
    runs; with start=False it waits for its start()."""
    def make(*accounts, start=True, **options):
        if options.get("failover", True) and \
                not os.path.exists(baresip.module_path()):
            pytest.fail(f"{baresip.module_path()} is missing; build it: "
                        "meson setup build && meson compile -C build",
                        pytrace=False)
        phone = baresip.Phone(*accounts, **options)
        parties.append(phone)
        return phone.start() if start else phone

    return make
