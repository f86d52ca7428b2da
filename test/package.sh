#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The Debian package: built from a copy of the tree, read by lintian,
# installed, tried, and removed again.  Under half a minute.
#
#     test/package.sh [ARGUMENTS OF PYTEST]
set -eu
cd "$(dirname "$0")/.."
. test/packages.sh

NAME=baresip-failover
MODULE=/usr/lib/baresip/modules/failover.so

work=$(mktemp -d)
absent=$(missing_packages $NAME)

# fails NAME: say so, with what was printed
fails() {
	cat "$work/log"
	echo "$1 failed" >&2
	exit 1
}

remove_package() {
	# it was here before: then it stays
	[ -n "$absent" ] || return 0
	as_root dpkg --purge $NAME >"$work/log" 2>&1 || fails "dpkg --purge"
	if [ -e $MODULE ]; then
		echo "$MODULE is left" >"$work/log"
		fails "dpkg --purge"
	fi
}

# The machine as it was: with what `meson install` has put there
clean_up() {
	if [ -n "$absent" ] && [ -z "$(missing_packages $NAME)" ]; then
		as_root dpkg --purge $NAME >/dev/null 2>&1 || true
	fi
	[ ! -e "$work/failover.so" ] ||
		as_root cp -p "$work/failover.so" $MODULE
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

build_package() {
	mkdir "$work/source"
	tar -c --exclude-vcs --exclude='./build*' --exclude=__pycache__ . |
		tar -x -C "$work/source"
	(cd "$work/source" && dpkg-buildpackage -us -uc -b) \
		>"$work/log" 2>&1 || fails "dpkg-buildpackage"
	deb=$(echo "$work/${NAME}"_*.deb)
}

check_package() {
	lintian --allow-root --fail-on error,warning "$work"/*.changes \
		>"$work/log" 2>&1 || fails "lintian"
}

install_package() {
	if [ -n "$absent" ] && [ -e $MODULE ]; then
		cp -p $MODULE "$work/failover.so"
	fi
	# its user for downloads has to reach the file
	chmod 755 "$work"
	apt_get install -y --no-install-recommends --reinstall "$deb" \
		>"$work/log" 2>&1 || fails "apt-get install"
	dpkg-deb -x "$deb" "$work/root"
}

build_package
check_package
install_package
PACKAGE_ROOT="$work/root" debian/tests/installed "$@"
remove_package
