#!/bin/bash
# What `make races` runs, and `make check` in the short form: the host under
# ThreadSanitizer, where its threads meet.
#
#   [RACES=short] [CELLS=build/debug] tests/races/races.sh
#
# A cell has one thread, and a list of system calls that the sanitizer's own are not on: so
# cells, adapters and sandbox are those of CELLS, where they were built before.
set -u
cd "$(dirname "$0")/../.." || exit 2
CELLS=${CELLS:-build/debug}
RACES=${RACES:-long}
B=build/tsan
LIMIT_S=${LIMIT_S:-600}
logs=$B/logs
units=(store order session_order api_order api_routes api_trouble)
scenarios=(policy reload)
if [ "$RACES" = long ]; then
    units+=(api_parts policy cell session http_client http_server stream outbox)
    mapfile -t scenarios < <(basename -a -s _test.mjs tests/scenario/*_test.mjs)
fi
mkdir -p "$logs" "$B/adapters" "$B/tests/adapters"
targets=("$B/esimd")
for name in "${units[@]}"; do targets+=("$B/tests/unit/${name}_test"); done
if ! make --no-print-directory -s MODE=tsan -j"${JOBS:-2}" "${targets[@]}" >"$logs/build" 2>&1; then
    tail -20 "$logs/build"
    echo "races: 0 passed, 1 failed"
    exit 1
fi
for program in esim-cell esim-policy-cell esim-sandbox esim-adapter esimctl; do
    cp "$CELLS/$program" "$B/"
done
cp "$CELLS"/adapters/*.so "$B/adapters/"
cp "$CELLS"/tests/adapters/*.so "$B/tests/adapters/"
cp -r "$CELLS/policies" "$CELLS/manifests" "$B/"

passed=0 failed=0
# Its shadow memory wants the addresses where they are without randomisation.
run() { # NAME COMMAND...: a report counts as a failure, whatever the tests say
    local name=$1 log=$logs/$1
    shift
    if timeout -k 10 "$LIMIT_S" setarch -R "$@" >"$log" 2>&1 </dev/null &&
        ! grep -q "WARNING: ThreadSanitizer" "$log"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "---- $name"
        grep -A40 "WARNING: ThreadSanitizer" "$log" | head -60
        tail -15 "$log"
    fi
}
for name in "${units[@]}"; do run "$name" "$B/tests/unit/${name}_test"; done
export B
for name in "${scenarios[@]}"; do
    run "scenario-$name" node --test --test-reporter=tap "tests/scenario/${name}_test.mjs"
done
echo "races: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
