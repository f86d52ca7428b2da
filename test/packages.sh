# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What demo.sh, all.sh and debian13.sh need of Debian; sourced by all.

BUILD_PACKAGES=(gcc libc6-dev meson ninja-build pkg-config libre-dev
	libssl-dev libcmocka-dev baresip-core)
RUN_PACKAGES=(kamailio kamailio-postgres-modules kamailio-presence-modules
	kamailio-tls-modules postgresql python3 python3-psycopg2)
TEST_PACKAGES=(chromium chromium-driver clang clang-tidy cppcheck debootstrap
	dnsmasq-base iproute2 libclang-rt-dev openssl prometheus python3-pytest
	python3-pytest-xdist python3-selenium valgrind)
PACKAGING_PACKAGES=(build-essential debhelper lintian lowdown man-db)

POLICY=/usr/sbin/policy-rc.d	# Debian asks it before it starts a service

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

missing_packages() {
	local name
	for name in "$@"; do
		# shellcheck disable=SC2016	# dpkg's own variable
		dpkg-query -W -f '${Status}' "$name" 2>/dev/null |
			grep -q ' installed$' || echo "$name"
	done
}

# Servers that come with a package are not to start: ours are private ones
forbid_services() {
	[ ! -e $POLICY ] || return 0
	printf '#!/bin/sh\nexit 101\n' | as_root tee $POLICY >/dev/null
	as_root chmod 755 $POLICY
	trap 'as_root rm -f $POLICY' EXIT
}

apt_get() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq \
		-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@" </dev/null
}

# install_packages demo|test: those that are not there yet
install_packages() (
	set -eu
	wanted=("${BUILD_PACKAGES[@]}" "${RUN_PACKAGES[@]}")
	if [ "$1" = test ]; then
		wanted+=("${TEST_PACKAGES[@]}" "${PACKAGING_PACKAGES[@]}")
	fi
	mapfile -t names < <(missing_packages "${wanted[@]}")
	[ ${#names[@]} -gt 0 ] || exit 0

	echo "Installing ${names[*]}"
	forbid_services
	log=$(mktemp)
	if ! { apt_get update && apt_get install -y --no-install-recommends \
			"${names[@]}"; } >"$log" 2>&1; then
		cat "$log"
		rm -f "$log"
		echo "apt-get could not install them" >&2
		exit 1
	fi
	rm -f "$log"
)
