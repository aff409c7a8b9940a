#!/bin/sh
# Kills the host, then its cells, at every write, sync and send of an order, and compares
# what is left with the carrier's ledger (kill.mjs says how).
#
#   TORTURE=short    96 points, seconds (default)
#   TORTURE=long     every call, before it and after it, for each story
#   KILL_CELL=0|1    only the host, or only the cells; unset: both
#
# Always with the debug build: the library that kills is not made for sanitizers.
set -eu
cd "$(dirname "$0")/../.."
make --no-print-directory -s MODE=debug B=build/debug all build/debug/tests/torture/kill_at.so >&2
B=build/debug exec node tests/torture/kill.mjs
