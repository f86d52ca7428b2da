#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The bench: this module, Baresip's serreg, sipnat=outbound, DNS SRV and
# Baresip alone, side by side.  It writes docs/bench.json, docs/bench.md and
# docs/bench.svg, and takes about twenty minutes.
#
#     test/bench.sh [--repeat 20]
#
# serreg comes with Baresip 1.1, so it runs in a root of Debian 13.
set -eu
cd "$(dirname "$0")/.."

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
code=0
bash test/debian13.sh "$results" --run env PYTHONPATH=test \
	python3 -m bench measure /results/bench.json "$@" || code=$?
[ -e "$results/bench.json" ] || exit
cp "$results/bench.json" docs/
env PYTHONPATH=test python3 -m bench write docs/bench.json
exit $code
