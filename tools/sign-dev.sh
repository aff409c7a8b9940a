#!/bin/sh
# Fills a manifest template from the files that it names and signs it for development.
#
#   tools/sign-dev.sh TEMPLATE FILES OUT      FILES: folder of the files, OUT: folder
#
# @SHA256:FILE@ and @SIZE:FILE@ come from FILES/FILE, @NOT_BEFORE@ is yesterday and
# @EXPIRES@ a year from now. The key is KEYS/dev.key (KEYS: build/keys).
set -eu
template=${1:?a template} files=${2:?the folder of the files} out=${3:?a folder}
keys=${KEYS:-build/keys}
name=$(basename "$template")
mkdir -p "$out"
made=$(mktemp "$out/.$name.XXXXXX")
trap 'rm -f "$made" "$made.minisig"' EXIT

edits="s/@NOT_BEFORE@/$(date -u -d '1 day ago' +%Y-%m-%dT00:00:00Z)/
s/@EXPIRES@/$(date -u -d '366 days' +%Y-%m-%dT00:00:00Z)/"
for file in $(sed -n 's/^[^#]*@SHA256:\([A-Za-z0-9_.-]*\)@.*/\1/p' "$template" | sort -u); do
    digest=$(sha256sum "$files/$file" | cut -d' ' -f1)
    size=$(stat -c %s "$files/$file")
    pattern=$(printf %s "$file" | sed 's/\./\\./g')
    edits="$edits
s/@SHA256:$pattern@/$digest/
s/@SIZE:$pattern@/$size/"
done
sed "$edits" "$template" >"$made"
if grep -v '^ *#' "$made" | grep -q '@[A-Z0-9_]*[@:]'; then
    echo "$template: a placeholder was not filled in:" >&2
    grep -n '@[A-Z0-9_]*[@:]' "$made" >&2
    exit 1
fi
minisign -S -H -s "$keys/dev.key" -m "$made" -x "$made.minisig" \
    -c "signature of the development key" -t "$name" >/dev/null
chmod 644 "$made" "$made.minisig"
mv "$made.minisig" "$out/$name.minisig"
mv "$made" "$out/$name"
