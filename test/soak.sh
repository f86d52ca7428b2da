#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Faults and user actions at random, in network namespaces of their own; what
# must hold all along is checked.  A failure prints the seed and a timeline.
#
#     test/soak.sh [--seconds N] [--seed S] [--timeline FILE] [--page FILE]
#                  [--record FILE | --judge FILE]
#
# --record keeps the events in a file. --judge runs nothing and judges such a
# file again, for whoever changes the checks (soak/invariants.py).
#
# Needs root.  BARESIP, BARESIP_MODULES and FAILOVER_MODULE_DIR as for the
# other live tests.
set -eu
cd "$(dirname "$0")/.."
exec unshare --net env PYTHONPATH="$PWD/test" \
	/usr/bin/python3 -m soak "$@"
