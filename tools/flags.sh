#!/bin/sh
# flags.sh FOLDER FLAGS: keeps FOLDER/.flags, on which every object depends, so that a
# change of flags rebuilds them. It is touched only when the flags differ.
set -eu
mkdir -p "$1"
if [ ! -e "$1/.flags" ]; then
    printf '%s\n' "$2" >"$1/.flags"
    touch -d @0 "$1/.flags"
elif [ "$(cat "$1/.flags")" != "$2" ]; then
    printf '%s\n' "$2" >"$1/.flags"
fi
