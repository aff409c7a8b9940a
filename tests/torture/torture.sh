#!/bin/bash
# What `make torture` runs, after `make tests-built`; and `make check`, in the short form.
#
#   [TORTURE=short] tests/torture/torture.sh
#
# Runs the unit programs that have a long form (their short one is a unit test), then every
# executable tests/torture/*_torture.* with no arguments. Each says "name: N passed, M
# failed" on its last line; the sum is the last line here.
set -u
cd "$(dirname "$0")/../.." || exit 2
export TORTURE=${TORTURE:-long} MODE=${MODE:-debug}
export B=${B:-build/$MODE}
LIMIT_S=${LIMIT_S:-7200}
long_forms=(power_loss_test store_process_test)
[ "$TORTURE" = long ] || long_forms=()
logs=$B/torture
mkdir -p "$logs"
passed=0 failed=0

run() { # NAME COMMAND
    local name=$1 log=$logs/$1.log code line
    shift
    echo "torture: $name"
    timeout -k 10 "$LIMIT_S" "$@" >"$log" 2>&1 </dev/null
    code=$?
    line=$(grep -oE '[0-9]+ passed, [0-9]+ failed$' "$log" | tail -1)
    if [ -z "$line" ] || { [ $code -ne 0 ] && [[ $line == *", 0 failed" ]]; }; then
        failed=$((failed + 1))
        tail -20 "$log"
        echo "  ended with code $code"
        return
    fi
    [ $code -eq 0 ] || tail -20 "$log"
    passed=$((passed + ${line%% *}))
    line=${line#*, }
    failed=$((failed + ${line%% *}))
}

for name in "${long_forms[@]}"; do
    run "$name" "$B/tests/unit/$name"
done
for script in tests/torture/*_torture.*; do
    [ -x "$script" ] && run "$(basename "$script")" "$script"
done
echo "torture: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
