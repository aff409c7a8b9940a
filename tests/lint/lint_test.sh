#!/bin/bash
# Each rule of lint.sh is shown to fail: one fault is planted in a small copy of the tree,
# and lint must refuse it, naming rule and file. The copy without a fault must pass.
# The last line is "lint rules: N passed, M failed".
set -u
cd "$(dirname "$0")/../.." || exit 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

# A tree small enough to be linted in a second.
fresh() {
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree"/{host,sdk,tests/unit,plugins/sample}
    cp -R host/base "$scratch/tree/host/"
    cp -R sdk/include "$scratch/tree/sdk/"
    cp -R tests/lint "$scratch/tree/tests/"
    cp .clang-format "$scratch/tree/"
    grep -E '^#|host/base/' tests/lint/exceptions.txt >"$scratch/tree/tests/lint/exceptions.txt"
    printf '#include <stdint.h>\n\nint64_t sample(void);\n' >"$scratch/tree/plugins/sample/wire.h"
    printf 'int pair(void);\n' >"$scratch/tree/host/base/pair.h"
    LINT_ADAPTERS="$scratch/good.so"
}

lint() { # [--only RULE]
    LINT_ADAPTERS=$LINT_ADAPTERS "$scratch/tree/tests/lint/lint.sh" "$@" 2>&1
}

verdict() { # NAME OK OUTPUT
    if [ "$2" = yes ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n%s\n' "$1" "$3"
    fi
}

# RULE: which run; TAG: the word it must print; PATH: the file it must name, which gets
# the standard input at its end.
plant() { # RULE TAG PATH
    local rule=$1 tag=$2 path=$3 text code ok=no
    mkdir -p "$(dirname "$scratch/tree/$path")"
    [ -e "$scratch/tree/$path" ] && cp "$scratch/tree/$path" "$scratch/kept"
    cat >>"$scratch/tree/$path"
    text=$(lint --only "$rule")
    code=$?
    [ $code -ne 0 ] && grep -qE "^$path:[0-9]+: $tag: " <<<"$text" &&
        grep -q '^  why: ' <<<"$text" && ok=yes
    verdict "a planted fault of '$tag' in $path must be refused" $ok "$text"
    rm -f "$scratch/tree/$path"
    [ -e "$scratch/kept" ] && mv "$scratch/kept" "$scratch/tree/$path"
}

# An adapter made of the C text on standard input must be refused for this reason.
plant_adapter() { # WORDS GCC-OPTIONS...
    local words=$1 text code ok=no
    shift
    gcc -shared -fPIC -x c -o "$scratch/bad.so" - "$@" || return
    text=$(LINT_ADAPTERS="$scratch/bad.so" lint --only adapters)
    code=$?
    [ $code -ne 0 ] && grep -qF "bad.so:0: adapters: $words" <<<"$text" && ok=yes
    verdict "an adapter that $words must be refused" $ok "$text"
}

echo 'const int esim_entry = 1;' | gcc -shared -fPIC -x c -o "$scratch/good.so" -
fresh
text=$(lint)
ok=no
[ $? -eq 0 ] && ok=yes
verdict "the tree without a fault must pass" $ok "$text"

plant layers layers host/base/up.c <<<'#include "order/order.h"'
plant layers layers host/loop/beside.c <<<'#include "crypto/seal.h"'
plant layers layers host/stray/stray.c <<<'#include "base/err.h"'
plant layers layers host/store/abi.c <<<'#include "esim/abi.h"'
plant layers layers plugins/sample/peek.c <<<'#include "base/err.h"'
plant layers foreign host/order/sql.c <<<'#include <sqlite3.h>'
plant layers foreign host/base/new.c <<<'#include <glib.h>'
plant layers foreign plugins/sample/net.c <<<'#include <curl/curl.h>'
plant layers own-header host/base/pair.c <<<'#include "base/err.h"'
plant headers headers host/base/alone.h <<<'int64_t alone(void);'
plant headers headers sdk/include/esim/plus.h <<<'struct esim_x { int class; };'
plant headers headers plugins/sample/alone.h <<<'int64_t alone(void);'
plant abi abi tests/lint/abi_sizes.c <<<'STRUCT(esim_bytes, 17);'
plant sizes sizes host/base/long.c < <(yes '/* . */' | head -501)
plant sizes sizes tests/unit/long_test.c < <(
    echo 'void f(void)'; echo '{'; yes '    ;' | head -70; echo '}')
plant format format host/base/ugly.c <<<'int  x ;'
plant banned banned host/base/util.c <<<'int x;'
plant banned banned host/base/exceptional.c <<<'int x; /* TOD''O */'

# Every line of banned.txt by an example of its own.
examples=(
    'strcpy(a, b);' 'sprintf(a, "x");' 'atoi(a);' 'strtok(a, b);' 'system(a);'
    'alloca(1);' 'gets(a);' 'localtime(t);' 'rand();' 'typedef struct x y;' 'FIXM''E'
    'sleep(1);' 'dlclose(h);' 'vfork();' 'json_loads(a, 0, 0);'
    'XML_PARSE_NOENT' 'luaL_openlibs(l);' 'CURLOPT_FOLLOWLOCATION, 1L'
    'getenv("A");' '/ho''me/somebody/x' 'regis''try.npmjs.org'
)
places=(
    host/base/p.c host/base/p.c host/base/p.c host/base/p.c host/base/p.c
    host/base/p.c host/base/p.c host/base/p.c host/base/p.c host/base/p.c host/base/p.c
    tests/unit/p_test.c host/base/p.c host/base/p.c host/base/p.c
    host/base/p.c host/base/p.c host/base/p.c
    plugins/sample/p.c docs/p.md docs/p.md
)
lines=$(grep -cv '^#' tests/lint/banned.txt)
ok=no
[ "$lines" -eq ${#examples[@]} ] && [ "$lines" -eq ${#places[@]} ] && ok=yes
verdict "every line of banned.txt has an example here" $ok "$lines lines, ${#examples[@]} examples"
for i in "${!examples[@]}"; do
    plant banned banned "${places[$i]}" <<<"${examples[$i]}"
done

# A member that moves, and one that nobody wrote down.
sed -i 's/^    uint64_t size;$/    uint32_t gap;\n    uint32_t size;/' \
    "$scratch/tree/sdk/include/esim/abi.h"
text=$(lint --only abi)
ok=no
grep -q 'abi: MEMBER esim_bytes, gap is not written down' <<<"$text" &&
    grep -q 'size of struct esim_bytes' <<<"$text" && ok=yes
verdict "a changed struct of the ABI must be refused" $ok "$text"
fresh

echo 'banned host/base/err.c:strcpy( It was needed once.' >>"$scratch/tree/tests/lint/exceptions.txt"
text=$(lint --only banned)
ok=no
grep -q 'host/base/err.c:strcpy( needs no exception any more' <<<"$text" && ok=yes
verdict "an exception that nothing needs must be refused" $ok "$text"
fresh

plant_adapter "exports 'esim_entry more'" <<<'const int esim_entry = 1; int more;'
plant_adapter "exports '', not esim_entry alone" <<<'static int none __attribute__((used));'
plant_adapter 'needs err_set of its host' \
    <<<'int err_set(void); __attribute__((visibility("hidden"))) int f(void) { return err_set(); } const int esim_entry = 1;'
plant_adapter 'is linked with libcrypto' -Wl,--no-as-needed -lcrypto <<<'const int esim_entry = 1;'

echo "lint rules: $passed passed, $failed failed"
[ $failed -eq 0 ]
