#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What clang-tidy and cppcheck say of the module; nothing, if all is well.
# What is not asked for is in .clang-tidy and cppcheck.supp, with the reason.
#
#     test/lint.sh BUILD
#
# BUILD: a folder that meson has set up with CC=clang.
set -eu
cd "$(dirname "$0")/.."

SOURCES=modules/failover
mapfile -t files < <(find $SOURCES -name '*.c' | sort)
mapfile -t include < <(find $SOURCES -mindepth 1 -type d -printf '-I%p\n')
code=0

printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 8 \
	clang-tidy -p "$1" --quiet 2>/dev/null || code=1

# libre's headers are not there for it: the names that it has to know
cppcheck --quiet --std=c11 --enable=warning,style,performance,portability \
	--error-exitcode=1 --suppressions-list=test/cppcheck.supp \
	--template='{file}:{line}: {id}: {message}' "${include[@]}" \
	-DFAILOVER_LIBRE=101 -DFAILOVER_OPENSSL -DRE_ARRAY_SIZE=ARRAY_SIZE \
	$SOURCES || code=1

exit $code
