#!/bin/sh
# Installs programs, SDK and manual pages below one folder.
#
#   sdk/install.sh ROOT        (make install; ROOT is DESTDIR and PREFIX, B the build folder)
#
# esim-adapter.pc finds its folder by itself, so that the tree may be moved.
set -eu
cd "$(dirname "$0")/.."
root=${1:?a folder}
build=${B:-build/release}

install -d "$root/bin" "$root/lib/esim/adapters" "$root/include/esim" \
    "$root/lib/pkgconfig" "$root/share/esim/template" \
    "$root/share/esim/numberplan"
put() { # put FOLDER PROGRAM...
    folder=$1
    shift
    for program in "$@"; do
        if [ -e "$build/$program" ]; then
            install -m 755 "$build/$program" "$folder/"
        fi
    done
}
put "$root/bin" esimd esimctl esim-adapter esim-sandbox
put "$root/lib/esim" esim-cell esim-policy-cell
for object in "$build"/adapters/*.so; do
    put "$root/lib/esim/adapters" "adapters/${object##*/}"
done
install -m 644 sdk/include/esim/*.h "$root/include/esim/"
install -m 644 "$build/libesim-adapter.a" "$root/lib/"
install -m 644 sdk/template/* sdk/template/.gitignore "$root/share/esim/template/"
install -m 644 share/numberplan/*.yaml "$root/share/esim/numberplan/"
sed -e 's|@PREFIX@|${pcfiledir}/../..|' -e 's|@INCLUDEDIR@|${prefix}/include|' \
    -e 's|@LIBDIR@|${prefix}/lib|' -e "s|@SANITIZE@|${SANITIZE-}|" \
    sdk/esim-adapter.pc.in >"$root/lib/pkgconfig/esim-adapter.pc"
for page in docs/man/*.[158]; do
    [ -e "$page" ] || continue
    section=${page##*.}
    install -d "$root/share/man/man$section"
    install -m 644 "$page" "$root/share/man/man$section/"
done
echo "installed below $root"
