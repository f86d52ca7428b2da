#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Live tests. What failed is run once more, two at a time, after the others:
# where a machine stands still for longer than a server is given, a phone is
# right to leave that server, and a test that wants it to stay fails. Both
# results are printed, the second one counts. More than a few failures are no
# accident, and are not run again.
#
#     test/live.sh JUNIT_FILE WORKERS ARGUMENTS OF PYTEST ...
set -u
junit=$1 workers=$2
shift 2
MOST_AGAIN=25
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT

run() {
	/usr/bin/python3 -m pytest -q -p slow_first -o cache_dir="$cache" "$@"
}

# failures FILE: how many there are
failures() {
	/usr/bin/python3 - "$1" <<-'END'
	import sys
	from xml.etree import ElementTree

	cases = ElementTree.parse(sys.argv[1]).iter("testcase")
	print(sum({child.tag for child in case} & {"failure", "error"} != set()
	          for case in cases))
	END
}

# merge FIRST SECOND: what was run again counts
merge() {
	/usr/bin/python3 - "$@" <<-'END'
	import sys
	from xml.etree import ElementTree

	def key(case):
	    return case.get("classname"), case.get("name")

	first, second = map(ElementTree.parse, sys.argv[1:])
	again = {key(case): case for case in second.iter("testcase")}
	for suite in first.iter("testsuite"):
	    for number, case in enumerate(list(suite)):
	        if key(case) in again:
	            suite[number] = again[key(case)]
	first.write(sys.argv[1])
	END
}

run -n "$workers" --junitxml="$junit" "$@"
code=$?
if [ $code = 1 ] && [ "$(failures "$junit")" -le $MOST_AGAIN ]; then
	printf '\n== once more: what has failed\n'
	run -n 2 --lf --last-failed-no-failures none \
		--junitxml="$junit.again" "$@"
	code=$?
	merge "$junit" "$junit.again"
fi
exit $code
