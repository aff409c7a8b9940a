#!/bin/bash
# Runs each fuzz target with libFuzzer for FUZZ_SECONDS (default 60); FUZZ_ONLY names one.
#
# New inputs that reach new code go to build/fuzz/corpus/, findings to
# build/fuzz/findings/ with the command that repeats them. A finding that is fixed
# belongs into tests/fuzz/corpus/, where `make check` replays it.
# The last line is "fuzzing: N passed, M failed", a count of targets.
set -u
cd "$(dirname "$0")/../.." || exit 2
export MODE=fuzz B=build/fuzz
seconds=${FUZZ_SECONDS:-60}
mkdir -p $B/findings
names=()
for source in tests/fuzz/*_fuzz.c; do
    name=$(basename "$source" _fuzz.c)
    [ "$name" = canary ] && continue
    [ -z "${FUZZ_ONLY-}" ] || [ "$FUZZ_ONLY" = "$name" ] || continue
    names+=("$name")
done
[ ${#names[@]} -gt 0 ] || { echo "no fuzz target named '${FUZZ_ONLY-}'"; exit 2; }
targets=("${names[@]/#/$B/tests/fuzz/}")
make --no-print-directory CC=clang -j"${JOBS:-2}" "${targets[@]/%/_fuzz}" || exit 2

passed=0 failed=0
for name in "${names[@]}"; do
    mkdir -p $B/corpus/"$name"
    echo "fuzzing $name for $seconds s"
    if $B/tests/fuzz/"${name}_fuzz" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=2048 -print_final_stats=0 -verbosity=0 \
        -artifact_prefix=$B/findings/"$name"- \
        $B/corpus/"$name" tests/fuzz/corpus/"$name" >$B/"$name".log 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        tail -n 40 $B/"$name".log
        echo "repeat with: $B/tests/fuzz/${name}_fuzz $(ls -t $B/findings/"$name"-* 2>/dev/null | head -1)"
    fi
done
echo "fuzzing: $passed passed, $failed failed"
[ $failed -eq 0 ]
