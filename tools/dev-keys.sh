#!/bin/sh
# Makes what development needs to trust and to seal, once: a minisign key pair without a
# password, a trust file that names it, and a sealing key. All of it is random and stays
# in the given folder, which git ignores.
#
#   tools/dev-keys.sh build/keys
set -eu
folder=${1:?the folder}
[ ! -s "$folder/trust.yaml" ] || exit 0
umask 077
mkdir -p "$(dirname "$folder")"
made=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$made"' EXIT
minisign -G -W -p "$made/dev.pub" -s "$made/dev.key" >/dev/null
openssl rand -hex 32 >"$made/seal.key"
cat >"$made/trust.yaml" <<END
# Trusts the key that this build made for itself. For development only.
keys:
  - name: development
    key: $(sed -n 2p "$made/dev.pub")
    kinds: [adapter, policy]
END
# Whole or not at all; when another build was first, its keys are taken.
if mv -T "$made" "$folder" 2>/dev/null; then
    trap - EXIT
    echo "keys $folder"
elif [ ! -s "$folder/trust.yaml" ]; then
    echo "$folder is in the way: please remove it" >&2
    exit 1
fi
