#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# All tests, with all that they need.  About 25 minutes on two cores.
#
#     test/all.sh [-- ARGUMENTS OF PYTEST]
#
# Debian 13's part, the fuzzers, the linters and the soak run beside the others;
# what they printed is shown when they are done.
#
# The closing line is "N passed, N failed", and ", N skipped" if there are
# such.  A stage that breaks in another way (a build, a stage that takes too
# long) counts as one that failed, one that this machine cannot run (no
# namespaces) as one that was skipped.
# Exit code 0: nothing failed.
set -u
cd "$(dirname "$0")/.." || exit 1
. test/packages.sh

LIMIT_S=2700		# for the whole: to end what hangs
WORKERS=14		# tests wait more than they compute
ASAN_TESTS=(test/test_unload.py test/test_invite.py test/test_bye.py
	test/test_failback.py)

[ "${1-}" != -- ] || shift
pytest_args=("$@")
results=$(mktemp -d)
FUZZ_S=20		# for each of the fuzzers
SOAK_S=300 SOAK_SEED=1	# the same faults each time
declare -A pids=()	# of what runs beside the others
declare -A begun_s=()
trap 'end_all' EXIT
trap 'exit 130' INT TERM
passed=0 failed=0 skipped=0
summary=()

end_all() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid"
		wait "$pid"
	done
	rm -rf "$results"
}

# report NAME SECONDS PASSED FAILED [SKIPPED]
report() {
	summary+=("$(printf '%4d s  %4d passed  %3d failed  %3d skipped  %s' \
		"$2" "$3" "$4" "${5-0}" "$1")")
	passed=$((passed + $3)) failed=$((failed + $4))
	skipped=$((skipped + ${5-0}))
	printf -- '-- %s\n' "${summary[-1]}"
}

# "PASSED FAILED SKIPPED" of files of JUnit's form
count() {
	/usr/bin/python3 - "$@" <<-'END'
	import sys
	from xml.etree import ElementTree

	tests = []
	for name in sys.argv[1:]:
	    try:
	        tests += ElementTree.parse(name).iter("testcase")
	    except (OSError, ElementTree.ParseError):
	        pass
	kinds = [{child.tag for child in test} for test in tests]
	failed = [kind for kind in kinds if kind & {"failure", "error"}]
	skipped = [kind for kind in kinds if kind == {"skipped"}]
	print(len(kinds) - len(failed) - len(skipped), len(failed),
	      len(skipped))
	END
}

# tally NAME BEGUN_S EXIT_CODE JUNIT_FILE ...: count the tests of a stage
tally() {
	local name=$1 begun=$2 code=$3 good=0 bad=0 left=0
	shift 3
	[ "$code" != 124 ] && [ "$code" != 137 ] || echo "took too long"
	read -r good bad left < <(count "$@")
	# pytest's 5: none was selected by the developer's arguments
	if [ "$code" = 5 ] && [ ${#pytest_args[@]} -gt 0 ]; then
		code=0
	fi
	if [ "$code" != 0 ] && [ "$bad" = 0 ]; then
		bad=1
	fi
	report "$name" $((SECONDS - begun)) "$good" "$bad" "$left"
	return "$code"
}

# stage NAME LIMIT_S JUNIT_FILE COMMAND ...: run it, count its tests
stage() {
	local name=$1 limit=$2 junit=$3 begun=$SECONDS code=0
	local left=$((LIMIT_S - SECONDS))
	shift 3
	printf '\n== %s\n' "$name"
	[ -z "$junit" ] || rm -f "$junit"
	if [ $left -le 0 ]; then
		echo "no time is left for it"
		code=124
	else
		# in the foreground: for Ctrl-C, and for sudo to ask
		timeout --foreground -s INT -k 20 \
			$((limit < left ? limit : left)) "$@" || code=$?
	fi

	tally "$name" "$begun" $code ${junit:+"$junit"}
}

# begin NAME COMMAND ...: run it beside the others, in a process group of its
# own, which `timeout` makes
begin() {
	local name=$1
	shift
	begun_s[$name]=$SECONDS
	timeout -k 20 $((LIMIT_S - SECONDS)) "$@" \
		>"$results/$name.log" 2>&1 </dev/null &
	pids[$name]=$!
}

is_begun() {
	[ -n "${pids[$1]-}" ]
}

# finish NAME: wait for it; its exit code
finish() {
	local code=0
	printf '\n== %s, beside the above\n' "$1"
	wait "${pids[$1]}" || code=$?
	unset "pids[$1]"
	return $code
}

build() {
	stage "build" 600 "" bash -c '
		if [ ! -e build/build.ninja ]; then
			meson setup build -Dwarning_level=3 \
				-Dwerror=true || exit
		fi
		exec meson compile -C build'
}

unit_tests() {
	stage "unit tests" 500 build/meson-logs/testlog.junit.xml \
		meson test -C build --no-rebuild --print-errorlogs
}

# live_tests NAME LIMIT_S ARGUMENTS OF PYTEST ...
live_tests() {
	local name=$1 limit=$2
	shift 2
	PYTHONPATH="$PWD/test" stage "$name" "$limit" "$results/junit.xml" \
		test/live.sh "$results/junit.xml" $WORKERS "$@" \
		${pytest_args[@]+"${pytest_args[@]}"}
}

# can_unshare NAME OPTIONS OF UNSHARE ...: can this machine make such
# namespaces?  If not, the stage of that name is skipped
can_unshare() {
	local name=$1 why
	shift
	if why=$(as_root unshare "$@" true 2>&1); then
		return 0
	fi
	printf '\n== %s\nskipped: %s\n' "$name" "${why:-unshare fails}"
	report "$name" 0 0 0 1
	return 1
}

# axe-core looks for what a screen reader or a keyboard cannot use. Debian does
# not have it, and its npm is 400 packages: where there is none, or no
# registry, its tests are skipped
fetch_axe_core() {
	if command -v npm >/dev/null && (cd "$results" &&
		timeout 90 npm pack axe-core@4.14.1 &&
		tar -xzf axe-core-*.tgz package/axe.min.js) \
			>/dev/null 2>&1; then
		export AXE_CORE=$results/package/axe.min.js
	else
		echo "no axe-core from npm: its tests are skipped"
	fi
}

# In a network of its own: it wants the ports that conf/ has
demo() {
	can_unshare "demo" --net || return 0
	stage "demo" 400 "" bash -c '. test/packages.sh
		as_root unshare --net sh -c "
			ip link set lo up && exec test/demo.sh"'
}

package_tests() {
	stage "package" 700 "$results/junit.xml" \
		bash test/package.sh --junitxml="$results/junit.xml"
}

begin_debian13() {
	can_unshare "Debian 13" --mount --net --pid --fork --mount-proc ||
		return 0
	mkdir "$results/debian13"
	as_root true	# sudo may have to ask, and can only do it now
	WORKERS=$WORKERS begin "Debian 13" \
		bash test/debian13.sh "$results/debian13" \
		${pytest_args[@]+"${pytest_args[@]}"} test
}

end_debian13() {
	local code=0
	finish "Debian 13" || code=$?
	cat "$results/Debian 13.log"
	tally "Debian 13: all tests, beside the above" \
		"${begun_s[Debian 13]}" $code \
		"$results"/debian13/{unit,live}.xml
}

# Built and run at the lowest priority: the other stages wait more than they
# compute
begin_fuzzers() {
	can_unshare "fuzzers" --net || return 0
	# shellcheck disable=SC2016	# expanded by the inner shell
	CC=clang begin fuzzers nice -n 19 bash -c '
		if [ ! -e build-fuzz/build.ninja ]; then
			meson setup build-fuzz -Dfuzz=true \
				-Dwarning_level=3 -Dwerror=true || exit
		fi
		meson compile -C build-fuzz fuzzers && test/fuzz/run.sh "$1"' \
		fuzzers $FUZZ_S
}

# Each that has found nothing counts as a test that has passed
end_fuzzers() {
	local code=0 good
	finish fuzzers || code=$?
	good=$(grep -c '^fuzz_.* branches$' "$results/fuzzers.log")
	if [ $code = 0 ]; then
		grep '^fuzz_' "$results/fuzzers.log"
	else
		tail -n 200 "$results/fuzzers.log"
	fi
	report "fuzzers, $FUZZ_S s each, beside the above" \
		$((SECONDS - begun_s[fuzzers])) "$good" $((code != 0))
}

begin_lint() {
	CC=clang begin lint nice -n 15 bash -c '
		if [ ! -e build-clang/build.ninja ]; then
			meson setup build-clang -Dwarning_level=3 \
				-Dwerror=true || exit
		fi
		meson compile -C build-clang && test/lint.sh build-clang'
}

end_lint() {
	local code=0
	finish lint || code=$?
	[ $code = 0 ] || tail -n 200 "$results/lint.log"
	tally "clang, clang-tidy and cppcheck, beside the above" \
		"${begun_s[lint]}" $code
}

# Begun after the live tests, when the machine has time to spare.  Like a live
# test it is run once more if it fails, and both results are printed
begin_soak() {
	can_unshare "soak" --net || return 0
	as_root true	# sudo may have to ask, and can only do it now
	# shellcheck disable=SC2016	# expanded by the inner shell
	begin soak bash -c '. test/packages.sh
		as_root test/soak.sh "$@" && exit
		printf "\n== once more\n"
		as_root test/soak.sh "$@"' \
		soak --seconds $SOAK_S --seed $SOAK_SEED
}

end_soak() {
	local code=0 skipped=0
	finish soak || code=$?
	cat "$results/soak.log"
	! grep -q '^skipped: ' "$results/soak.log" || skipped=1
	report "soak, $SOAK_S s, seed $SOAK_SEED, beside the above" \
		$((SECONDS - begun_s[soak])) $((code == 0 && !skipped)) \
		$((code != 0)) $skipped
}

# What Debian 13 has built, loaded here; the reverse is among its tests
other_version_tests() {
	FAILOVER_OTHER_MODULES="$results/debian13/failover.so" \
		live_tests "module of Debian 13, loaded here" 60 \
		test/test_other_version.py
}

# With the sanitizers a part of the live tests
sanitized_tests() {
	local files=() file
	for file in "${ASAN_TESTS[@]}"; do
		[ ! -e "$file" ] || files+=("$file")
	done
	stage "live tests with sanitizers" 900 "$results/junit.xml" \
		test/sanitized.sh live "$results/junit.xml" $WORKERS \
		"${files[@]}" ${pytest_args[@]+"${pytest_args[@]}"}
}

stage "packages" 480 "" bash -c '. test/packages.sh; install_packages test'
fetch_axe_core
if build; then
	begin_debian13
	begin_fuzzers
	begin_lint
	unit_tests
	# the modules of other versions come from Debian 13, below
	live_tests "live tests" 1700 test \
		--ignore=test/test_other_version.py
	# this run's own figures, to compare with docs/recovery.md
	[ ${#pytest_args[@]} -gt 0 ] ||
		test/recovery_table.py "$results/junit.xml" | grep '^|'
	[ ${#pytest_args[@]} -gt 0 ] || begin_soak
fi
demo
package_tests
if stage "build with sanitizers" 600 "" test/sanitized.sh build; then
	stage "unit tests with sanitizers" 500 \
		build-asan/meson-logs/testlog.junit.xml test/sanitized.sh unit
	sanitized_tests
fi
if is_begun soak; then
	end_soak
fi
if is_begun lint; then
	end_lint
fi
if is_begun fuzzers; then
	end_fuzzers
fi
if is_begun "Debian 13"; then
	end_debian13
	other_version_tests
fi

printf '\n'
printf '%s\n' "${summary[@]}"
printf '%4d s  in all\n' "$SECONDS"
printf '%d passed, %d failed' "$passed" "$failed"
[ "$skipped" = 0 ] || printf ', %d skipped' "$skipped"
printf '\n'
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
