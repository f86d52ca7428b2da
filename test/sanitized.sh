#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Tests with AddressSanitizer and UndefinedBehaviorSanitizer in the module, in
# build-asan.
#
#     test/sanitized.sh build
#     test/sanitized.sh unit
#     test/sanitized.sh live JUNIT_FILE WORKERS ARGUMENTS OF PYTEST ...
#
# What they find in the phone is printed after the tests.  It ends the phone,
# so a test fails as well.  All live tests take half an hour on two cores:
#
#     test/sanitized.sh live junit.xml 5 test
#
# Exit code 0: nothing failed, nothing was found.
set -u
cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() {
	if [ ! -e build-asan/build.ninja ]; then
		meson setup build-asan -Db_sanitize=address,undefined \
			-Db_lundef=false -Dwarning_level=3 -Dwerror=true ||
			return
	fi
	meson compile -C build-asan
}

# Where processes must not be traced, leaks cannot be looked for
set_options() {
	local leaks=1
	echo 'int main(void) { return 0; }' |
		gcc -fsanitize=address -x c -o "$work/probe" -
	if ! "$work/probe" 2>/dev/null; then
		leaks=0
		echo "Leaks cannot be looked for on this machine"
	fi
	export ASAN_OPTIONS=detect_leaks=$leaks
	export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
}

# Baresip is not built with AddressSanitizer, so its library is loaded before
# the others.  It is the last in the list because the loader runs the beginning
# of the last one first, and what a test loads needs it then
wrap_baresip() {
	mkdir "$work/found"
	cat >"$work/baresip" <<-END
	#!/bin/sh
	LD_PRELOAD=\${LD_PRELOAD:+\$LD_PRELOAD:}$(gcc -print-file-name=libasan.so)
	ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0:log_path=$work/found/by
	export LD_PRELOAD ASAN_OPTIONS
	exec ${BARESIP:-baresip} "\$@"
	END
	chmod +x "$work/baresip"
}

live() {
	local code=0
	wrap_baresip
	BARESIP="$work/baresip" PYTHONPATH="$PWD/test" \
		FAILOVER_MODULE_DIR="$PWD/build-asan/modules/failover" \
		test/live.sh "$1" "$2" -k "not valgrind" "${@:3}" || code=$?
	if [ -n "$(ls "$work/found")" ]; then
		cat "$work"/found/*
		echo "found by the sanitizers, see above"
		[ $code != 0 ] || code=1
	fi
	return $code
}

case ${1-} in
build)
	build ;;
unit)
	build && set_options &&
		meson test -C build-asan --no-rebuild --print-errorlogs ;;
live)
	shift
	build && set_options && live "$@" ;;
*)
	sed -n '3,16s/^# \{0,1\}//p' "$0"
	exit 2 ;;
esac
