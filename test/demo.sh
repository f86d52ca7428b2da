#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The demo: a Kamailio primary and backup on this machine, a phone, a call,
# and what becomes of it when the primary dies.  About a minute.
#
#     test/demo.sh [--stay]
#
# --stay leaves everything running, to play with, until Ctrl-C.
set -eu
cd "$(dirname "$0")/.."

. test/packages.sh
install_packages demo

echo "Building and installing the module"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { { [ -e build/build.ninja ] || meson setup build; } &&
		meson compile -C build &&
		as_root meson install -C build --no-rebuild; } >"$log" 2>&1; then
	cat "$log"
	exit 1
fi
rm -f "$log"

exec /usr/bin/python3 test/demo.py "$@"
