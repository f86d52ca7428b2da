# SPDX-License-Identifier: BSD-3-Clause
"""Ways to a second server, side by side: how long each takes until the
second one has the request.  test/bench.sh runs it."""
