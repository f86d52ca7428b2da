# SPDX-License-Identifier: BSD-3-Clause
"""The phone's own network goes and comes, and one with two addresses."""

import pytest

from harness import namespace


@pytest.mark.slow
@pytest.mark.parametrize("transport", ("udp", "tcp"))
@pytest.mark.parametrize("name", ("calls", "unplugged", "renumbered",
                                  "held", "waiting", "subscribed", "no_route",
                                  "started_without"))
def test_network(name, transport):
    """See the cases in harness/network_case.py."""
    namespace.run_case("network_case.py", name, transport)


@pytest.mark.parametrize("name", ("moves", "silence"))
def test_two_addresses(name):
    """See the cases in harness/two_addresses_case.py."""
    namespace.run_case("two_addresses_case.py", name)
