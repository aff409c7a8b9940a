#!/bin/bash
# Checks what can be checked about how this tree is written. Each rule prints its reason.
#
#   tests/lint/lint.sh [--only RULE] [TOP]
#
# TOP is the tree to look at (the one this script is in). The last line is
# "lint: N passed, M failed", a count of rules.
set -u
here=$(cd "$(dirname "$0")" && pwd)
only=
[ "${1-}" = --only ] && { only=$2; shift 2; }
cd "${1:-$here/../..}" || exit 2
for tool in gcc g++ clang-format python3 nm ldd readelf awk; do
    command -v $tool >/dev/null || { echo "lint: $tool is missing: make packages"; exit 2; }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export LC_ALL=C

flags=(-Ihost -Isdk/include -I/usr/share/include/llhttp -I/usr/include/lua5.4
    -I/usr/include/libxml2)
strict=(-fsyntax-only -Wall -Wextra -Werror -Wstrict-prototypes -Wshadow)

# Files below the given folders whose names end so. Built and fetched things are not ours.
files() { # ENDINGS FOLDER...
    local endings=$1
    shift
    local folders=()
    for folder in "$@"; do [ -e "$folder" ] && folders+=("$folder"); done
    [ ${#folders[@]} -eq 0 ] || find "${folders[@]}" \
        \( -name build -o -name node_modules -o -name .git -o -name dist -o -name corpus \) -prune -o \
        -type f -regextype posix-extended -regex ".*\.($endings)" -print |
        sed 's|^\./||' | sort
}

# ---- the rules: each prints what is wrong, one line each, and nothing else ----

rule_layers() {
    files h host | sed 's|^host/||' >"$scratch/headers"
    files 'c|h' host sdk plugins tests | xargs awk -v headers="$scratch/headers" '
        BEGIN { while ((getline line < headers) > 0) exists[line] = 1 }
        '"$(cat "$here/layers.awk")" "$here/layers.txt"
}

rule_headers() {
    files h host | xargs -P2 -n1 gcc -std=gnu11 -D_GNU_SOURCE "${strict[@]}" "${flags[@]}" \
        -x c 2>&1 | located headers
    local plugin
    for plugin in plugins/*/; do
        files h "$plugin" | xargs -r -P2 -n1 gcc -std=gnu11 -D_GNU_SOURCE "${strict[@]}" \
            -Isdk/include -I/usr/include/libxml2 -x c 2>&1 | located headers
    done
    files h sdk/include | xargs -P2 -n1 gcc -std=c11 -pedantic "${strict[@]}" \
        -Isdk/include -x c 2>&1 | located headers
    files h sdk/include | xargs -P2 -n1 g++ -std=c++11 -fsyntax-only -Wall -Wextra -Werror \
        -Isdk/include -x c++ 2>&1 | located headers
}

# Compiler output, errors only, with the rule's name put in.
located() {
    sed -nE "s/^([^:]+:[0-9]+:)[0-9]+: (fatal )?error: /\1 $1: /p"
}

rule_abi() {
    python3 "$here/abi.py" names sdk/include/esim >"$scratch/abi_now"
    sed -nE 's/^(STRUCT|MEMBER|VALUE)\((.*), -?[0-9]+\);$/\1 \2/p' tests/lint/abi_sizes.c \
        >"$scratch/abi_then"
    diff "$scratch/abi_then" "$scratch/abi_now" | sed -nE \
        -e 's/^< (.*)/tests\/lint\/abi_sizes.c:1: abi: \1 was promised and is gone/p' \
        -e 's/^> (.*)/tests\/lint\/abi_sizes.c:1: abi: \1 is not written down/p'
    gcc -std=c11 -fsyntax-only -Isdk/include tests/lint/abi_sizes.c 2>&1 | located abi
}

rule_adapters() {
    local object names library
    for object in $(adapter_objects); do
        names=$(nm -D --defined-only "$object" | awk '{ print $NF }' | paste -sd' ')
        [ "$names" = esim_entry ] ||
            echo "$object:0: adapters: exports '$names', not esim_entry alone"
        ldd -r "$object" 2>&1 | sed -nE \
            "s|^undefined symbol: ([^[:space:]]+).*|$object:0: adapters: needs \1 of its host|p"
        for library in $(readelf -d "$object" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p'); do
            grep -qE "^library .*\b${library//./\\.}( |$)" "$here/layers.txt" ||
                echo "$object:0: adapters: is linked with $library"
        done
    done
}

# LINT_ADAPTERS names objects; else those of plugins/ are built.
adapter_objects() {
    [ -n "${LINT_ADAPTERS-}" ] && { echo "$LINT_ADAPTERS"; return; }
    local wanted=() source
    for source in plugins/*/adapter.c; do
        [ -e "$source" ] && wanted+=("build/debug/adapters/$(basename "$(dirname "$source")").so")
    done
    [ ${#wanted[@]} -eq 0 ] && return
    if ! make -s -j2 MODE=debug "${wanted[@]}" >"$scratch/make" 2>&1; then
        echo "build/debug/adapters/does-not-build.so"
        grep -E 'error|undefined' "$scratch/make" | head -5 >&2
    fi
    echo "${wanted[@]}"
}

rule_banned() {
    local where pattern reason
    grep -v '^#' "$here/banned.txt" | while IFS=$'\t' read -r where pattern reason; do
        [ -n "$pattern" ] || continue
        files_of "$where" | xargs -r grep -nHoP "$pattern" -- |
            sed -E "s/^([^:]+:[0-9]+):(.*)$/\1: banned: \2 - ${reason//\//\\/}/"
    done
    files 'c|h' host sdk plugins tests | grep -E '/(util|utils|common|misc|helper|helpers|core)\.[ch]$' |
        sed 's/$/:1: banned: this name says nothing: name the file after what it does/'
}

files_of() {
    case $1 in
    code) files 'c|h' host sdk plugins tests demo ;;
    product) files 'c|h' host sdk plugins ;;
    adapters) files 'c|h' plugins ;;
    unittests) files 'c|h' tests ;;
    text) files 'c|h|sh|awk|py|js|mjs|lua|md|txt|yaml|yml|json|service' . | grep -v lint/banned.txt ;;
    esac
}

rule_sizes() {
    files 'c|h|sh|awk|py|js|mjs|lua' host sdk plugins policies tests demo tools |
        xargs awk -f "$here/sizes.awk"
}

rule_format() {
    files 'c|h' host sdk plugins tests demo |
        xargs -P2 -n12 clang-format --dry-run --Werror 2>&1 |
        sed -nE 's/^([^:]+:[0-9]+):[0-9]+: error: .*/\1: format: run clang-format -i/p' |
        sort -u -t: -k1,1
}

# ---- running them ----

reason_of() {
    case $1 in
    layers) echo "arrows point down only, and a foreign library has one home: tests/lint/layers.txt is the picture" ;;
    headers) echo "a header that needs another one before it breaks whoever includes it alone; adapters may be C++" ;;
    abi) echo "adapters outside this tree are built on these sizes: grow structs at the end, log it in abi.h, then: python3 tests/lint/abi.py write" ;;
    adapters) echo "one symbol in, none of the host's out: else an adapter is not replaceable" ;;
    banned) echo "each line says why; tests/lint/banned.txt is the list" ;;
    sizes) echo "what does not fit on a page is not read: cut it by what it does" ;;
    format) echo "one look everywhere, and no talk about it: .clang-format" ;;
    esac
}

# "rule subject reason" lines take away the findings they name; one that takes none away is itself
# a finding. A finding is "path:line: rule: words".
without_exceptions() { # RULE
    awk -v rule="$1" -v list="$here/exceptions.txt" '
        BEGIN {
            while ((getline line < list) > 0) {
                split(line, part, " ")
                if (part[1] == rule) wanted[part[2]] = 1
            }
        }
        {
            path = $0; sub(/:.*/, "", path)
            for (subject in wanted) {
                split(subject, part, ":")
                if (part[1] == path && (part[2] == "" || index($0, ": " part[2]) > 0)) {
                    used[subject] = 1
                    next
                }
            }
            print
        }
        END {
            for (subject in wanted)
                if (!(subject in used))
                    printf "tests/lint/exceptions.txt:1: %s: %s needs no exception any more\n", rule, subject
        }'
}

passed=0 failed=0
for rule in layers headers abi adapters banned sizes format; do
    [ -z "$only" ] || [ "$only" = "$rule" ] || continue
    # What a tool says on its error output is a finding too: a rule that cannot run has
    # not passed.
    found=$("rule_$rule" 2>"$scratch/errors" | without_exceptions "$rule")$(cat "$scratch/errors")
    if [ -z "$found" ]; then
        passed=$((passed + 1))
        continue
    fi
    failed=$((failed + 1))
    printf '%s\n  why: %s\n' "$found" "$(reason_of "$rule")"
done
echo "lint: $passed passed, $failed failed"
[ $failed -eq 0 ]
