#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# All fuzzers, each for a time, two at a time; they begin with seeds.py's.
#
#     test/fuzz/run.sh SECONDS [CORPUS [NAME ...]]
#
# CORPUS: a folder that keeps what was found to be worth a look, for the next
# run; without it nothing is kept.  NAME: of a fuzzer, without "fuzz_".
# What ends a fuzzer is printed with the input that did it.
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=$1
folder=${FUZZ_BUILD:-build-fuzz}/test/fuzz
work=$(mktemp -d)
corpus=${2:-$work/corpus}
names=("${@:3}")
[ ${#names[@]} -gt 0 ] || names=(sip http command config rewrite)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
trap 'kill $(jobs -p)' HUP

# The folder of a phone's files: in memory, where that can be
export TMPDIR=$work
if [ -w /dev/shm ]; then
	TMPDIR=$(mktemp -d /dev/shm/fuzz-XXXXXX)
	trap 'rm -rf "$work" "$TMPDIR"' EXIT
fi

fuzz() {
	local name=$1 dict=text.dict
	[ "$name" != sip ] || dict=sip.dict
	# leaks are looked for once, at the end: each time takes too long
	nice -n 10 "$folder/fuzz_$name" -detect_leaks=0 -close_fd_mask=3 \
		-max_len=4096 \
		-timeout=60 -rss_limit_mb=1500 -dict=test/fuzz/$dict \
		-max_total_time="$seconds" -print_final_stats=1 \
		-artifact_prefix="$work/$name-" "$corpus/$name" \
		>"$work/$name.log" 2>&1 </dev/null
}

# One line: inputs tried, code reached, or what has been found
tell() {
	local name=$1 code=$2 input
	if [ "$code" = 0 ]; then
		awk -v name="$name" '/DONE/ { cov = $4 }
			/number_of_executed_units/ { runs = $2 }
			END { printf "fuzz_%s: %d inputs, %d branches\n",
				name, runs, cov }' "$work/$name.log"
		return
	fi
	tail -n 60 "$work/$name.log"
	for input in "$work/$name-"*; do
		[ -e "$input" ] && base64 "$input"
	done
	echo "fuzz_$name: failed"
}

python3 test/fuzz/seeds.py "$corpus" || exit
failed=0
for ((i = 0; i < ${#names[@]}; i += 2)); do
	declare -A pids=()
	for name in "${names[@]:i:2}"; do
		fuzz "$name" &
		pids[$name]=$!
	done
	for name in "${names[@]:i:2}"; do
		code=0
		wait "${pids[$name]}" || code=$?
		tell "$name" $code
		[ $code = 0 ] || failed=1
	done
done
exit $failed
