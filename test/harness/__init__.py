# SPDX-License-Identifier: BSD-3-Clause
"""What the tests need: phones, servers, and a look at the wire."""
