#!/bin/sh
# Lets allocations of the host fail, in its start and in an order (alloc.mjs says how).
#
#   TORTURE=short    60 points, seconds (default)
#   TORTURE=long     400 of each kind, half an hour
#
# Always with the sanitizers: what is freed twice or left behind is what this looks for.
set -eu
cd "$(dirname "$0")/../.."
make --no-print-directory -s MODE=asan B=build/asan -j"${JOBS:-2}" all build/asan/tests/torture/fail_at.so >&2
B=build/asan exec node tests/torture/alloc.mjs
