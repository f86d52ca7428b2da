#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Build and test on Debian 13, in a root made by debootstrap that goes when
# this ends.  Its processes, mounts and network are in namespaces of their
# own: nothing of it is left behind, no port is shared with other tests.
#
#     test/debian13.sh RESULTS [ARGUMENTS OF PYTEST]
#     test/debian13.sh RESULTS --run COMMAND
#
# RESULTS is a folder: unit.xml, live.xml (JUnit's form) and failover.so are
# left there; with --run, what the command leaves in /results.  Run by all.sh
# and bench.sh, works alone, too.
set -eu
cd "$(dirname "$0")/.."
. test/packages.sh

SUITE=trixie
WORKERS=${WORKERS:-8}
NOT_THERE=(clang clang-tidy cppcheck debootstrap)	# Debian 12's part alone needs them

# What apt here installs from, in whatever form its sources are written
mirror() {
	local uri
	# shellcheck disable=SC2016	# apt's own variables
	uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' \
		'Created-By: Packages' 'Component: main' |
		awk '$1 !~ /[-\/]/ && $2 ~ /^https?:/ {print $2; exit}')
	echo "${uri:-http://deb.debian.org/debian}"
}

# What lets apt here reach it: proxies, certificates, names
carry_settings() {
	local root=$1 file
	apt-config dump Acquire >"$root/etc/apt/apt.conf.d/00host"
	for file in /etc/resolv.conf /etc/hosts \
			/etc/ssl/certs/ca-certificates.crt; do
		[ -e $file ] || continue
		mkdir -p "$root${file%/*}"
		cp --remove-destination -L $file "$root$file"
	done
}

# No services, no cluster of PostgreSQL, no documents, no fsync
make_small() {
	local root=$1
	mkdir -p "$root/etc/dpkg/dpkg.cfg.d" "$root/etc/postgresql-common"
	printf '#!/bin/sh\nexit 101\n' >"$root$POLICY"
	chmod 755 "$root$POLICY"
	printf '%s\n' force-unsafe-io 'path-exclude /usr/share/doc/*' \
		'path-exclude /usr/share/man/*' \
		>"$root/etc/dpkg/dpkg.cfg.d/small"
	echo "create_main_cluster = false" \
		>"$root/etc/postgresql-common/createcluster.conf"
}

# wanted [--run]: packages of the root
wanted() {
	local name names=("${BUILD_PACKAGES[@]}")
	if [ "$1" = --run ]; then
		names+=(iproute2 python3)
	else
		names+=("${RUN_PACKAGES[@]}" "${TEST_PACKAGES[@]}")
	fi
	for name in "${names[@]}"; do
		[[ " ${NOT_THERE[*]} " = *" $name "* ]] || echo "$name"
	done
}

inside() {
	chroot "$root" env -i HOME=/root LC_ALL=C.UTF-8 PATH="$PATH" \
		DEBIAN_FRONTEND=noninteractive "$@"
}

make_root() {
	local root=$1 what=$2 names proxy=
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	http_proxy=${proxy:-${http_proxy-}} debootstrap --variant=minbase \
		$SUITE "$root" "$(mirror)"
	carry_settings "$root"
	make_small "$root"
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"

	mapfile -t names < <(wanted "$what")
	inside apt-get -qq update
	inside apt-get -qq -o Dpkg::Use-Pty=0 install -y \
		--no-install-recommends "${names[@]}"
}

# built SCRIPT ARGUMENTS ...: build it, then run the script there
built() {
	local script=$1
	shift
	# shellcheck disable=SC2016	# expanded by the inner shell
	inside unshare --net sh -eu -c '
		cd /src
		ip link set lo up
		meson setup build -Dwarning_level=3 -Dwerror=true >/dev/null
		meson compile -C build | tail -n 1
		'"$script" sh "$@"
}

run_in_root() {
	mkdir "$root/results"
	built 'exec "$@"' "$@"
}

test_in_root() {
	# shellcheck disable=SC2016	# expanded by the inner shell
	built '
		workers=$1
		shift
		meson test -C build --no-rebuild --print-errorlogs -q ||
			code=$?
		[ ! -e other/failover.so ] ||
			export FAILOVER_OTHER_MODULES=/src/other/failover.so
		PYTHONPATH=test test/live.sh live.xml "$workers" "$@" test ||
			code=$?
		exit ${code-0}' "$WORKERS" "$@"
}

# in_root ROOT RESULTS ...: as root, in the namespaces
in_root() {
	local root=$1 results=$2 code=0 log=$2/root.log
	shift 2
	trap 'exit 143' INT TERM
	if ! make_root "$root" "${1-}" >"$log" 2>&1; then
		tail -n 40 "$log"
		return 1
	fi
	echo "The root of Debian 13 is made, after $SECONDS s"

	mkdir "$root/src"
	tar -c --exclude='./build*' --exclude=./.git . | tar -x -C "$root/src"
	mkdir "$root/src/other"
	[ ! -e build/modules/failover/failover.so ] ||
		cp build/modules/failover/failover.so "$root/src/other/"

	if [ "${1-}" = --run ]; then
		shift
		run_in_root "$@" || code=$?
		cp "$root"/results/* "$results" || code=1
	else
		test_in_root "$@" || code=$?
		cp "$root/src/build/modules/failover/failover.so" \
			"$root/src/live.xml" "$results" || code=1
		cp "$root/src/build/meson-logs/testlog.junit.xml" \
			"$results/unit.xml" || code=1
	fi
	return $code
}

if [ "$1" = --in-root ]; then
	shift
	in_root "$@"
	exit
fi

results=$(realpath "$1")
shift
root=$(mktemp -d "$PWD/build-debian13.XXXXXX")
trap 'as_root rm -rf --one-file-system "$root"' EXIT
trap 'exit 143' INT TERM
chmod 755 "$root"
as_root env WORKERS="$WORKERS" unshare --mount --pid --fork --kill-child \
	--mount-proc bash test/debian13.sh --in-root "$root" "$results" "$@"
