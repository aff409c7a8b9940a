#!/bin/sh
# Installs what tools/packages.txt lists and the system lacks, as root or through sudo.
set -eu
cd "$(dirname "$0")/.."
missing=""
for name in $(sed 's/#.*//' tools/packages.txt); do
    case $name in
    nodejs) command -v node >/dev/null 2>&1 && continue ;;
    npm) command -v npm >/dev/null 2>&1 && continue ;;
    esac
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' ||
        missing="$missing $name"
done
[ -n "$missing" ] || exit 0
echo "esimd: installing Debian packages:$missing"
run=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "esimd: not root and no sudo; please install them, then run make again" >&2
        exit 1
    }
    run="sudo"
fi
# No service of these packages may start by itself; the tests start what they need.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $run tee $policy >/dev/null
    $run chmod 755 $policy
    trap '$run rm -f $policy' EXIT
fi
$run apt-get update -q
# shellcheck disable=SC2086
$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
