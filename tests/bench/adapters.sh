#!/bin/sh
# Each adapter: its steps a second through a cell, and what WAITING operations (10,000) cost
# the host that wait at its carrier. Part of `make bench`; alone: tests/bench/adapters.sh
# [ADAPTER..], after `make MODE=release all build/release/tests/bench/cell_bench`.
#
# The carrier takes orders and does not finish them: every answer (smdp, soap), every reply
# to a command (smsc) and every end of a request (mytel) comes after ten minutes, a device
# (graph) installs after a day and is looked at once an hour. Counted is all growth of the
# host's private memory, when nothing moves any more.
set -eu
cd "$(dirname "$0")/../.."
export B="${B:-build/release}"
waiting=${WAITING:-10000}
dir=$(mktemp -d)
world=$dir/world
trap 'tools/world.sh stop "$world" 2>/dev/null || true; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

row() { printf '  %-58s %s\n' "$1" "$2"; }
private_kb() {
    awk '/^Private_/ { sum += $2 } END { print sum }' "/proc/$1/smaps_rollup"
}
metric() { # the sum of a metric's series that match
    curl -fsS -H "Authorization: Bearer $KEY" "$url/metrics" |
        awk -v name="$1" 'index($1, name) == 1 { sum += $2 } END { print sum + 0 }'
}

# side_of ADAPTER: its side, the first step measured, an order, and arguments of the sandbox.
side_of() {
    slow="--latency-ms 600000" fault="" capability=profile.order
    order='"type":"line.activate","plan":"gold","msisdn":"+9597NUMBER"'
    case $1 in
    atom) side=smdp order='"type":"profile.provision","plan":"gold","profile_type":"P1"' ;;
    ooredoo) side=soap ;;
    mpt)
        side=smsc capability=line.activate slow=""
        fault='{"function":"reply","fault":"slow","ms":600000,"count":0}'
        ;;
    mytel) side=mytel ;;
    intune)
        side=graph capability=device.assign slow="--install-ms 86400000 --devices 20000"
        order='"type":"device.activate","extra":{"device_id":"00000000-0000-4000-8000-0000HEXADECI","carrier_url":"https://carrier.example"}'
        ;;
    esac
}

steps() {
    "$B/tests/bench/cell_bench" "$B/esim-cell" "$B" "$world" "$1" "$capability" 50000 \
        > "$dir/cell"
    row "$1: $capability, steps/s alone, 32 in flight" \
        "$(jq -r '"\(1e6 / .step_alone_us | floor)/s, \(1e6 / .step_32_in_flight_us | floor)/s"' "$dir/cell")"
}

# Until the engine has begun nothing for two seconds; a minute at most.
settle() {
    before=-1 tries=30
    now=$(metric esimd_steps_total)
    while [ "$now" != "$before" ] && [ $tries -gt 0 ]; do
        sleep 2
        tries=$((tries - 1)) before=$now now=$(metric esimd_steps_total)
    done
}

wait_at() {
    sed -i 's/poll_s: 1$/poll_s: 3600/; s/poll_most_s: 1$/poll_most_s: 3600/' \
        "$world/adapters.d/$1.yaml"
    [ "$side" != smdp ] && [ "$side" != soap ] ||
        sed -i 's/^settings:/&\n  timeout_ms: 600000/' "$world/adapters.d/$1.yaml"
    [ -z "$fault" ] || curl -fsS -o /dev/null -d "$fault" \
        "http://$(jq -r .control "$world/$side.json")/sandbox/faults"
    tools/world.sh host "$world"
    KEY=$(cat "$world/key")
    url=http://$(jq -r .http "$world/host.json")
    export KEY
    pid=$(cat "$world/host.pid")
    BODY="{\"carrier\":\"$1\",$order}"
    base=$(private_kb "$pid")
    BODY=$BODY ORDERS=$waiting RUN="wait-$1" wrk -t1 -c 16 -d 60s -s tests/bench/post.lua \
        "$url" > "$dir/wrk" &
    wrk_pid=$!
    placed=0 tries=1200
    while [ "$placed" -lt $((waiting * 99 / 100)) ] && [ $tries -gt 0 ]; do
        sleep 0.05
        tries=$((tries - 1))
        placed=$(metric 'esimd_http_requests_total{route="order.create",status="2xx"}')
    done
    kill $wrk_pid 2>/dev/null || true
    settle
    over=$(for state in completed failed held; do
        curl -fsS -H "Authorization: Bearer $KEY" "$url/v1/orders?limit=1&state=$state" |
            jq -r '.items[].id'
    done)
    [ -z "$over" ] || { echo "adapters.sh: $1: an order did not wait: $over" >&2; exit 1; }
    row "$1: $placed waiting, of them in memory" "$(metric esimd_engine_in_flight)"
    row "$1: host memory per waiting operation (goal: 4 KiB)" \
        "$(awk "BEGIN { printf \"%.2f\", ($(private_kb "$pid") - $base) / $placed }") KiB (all growth)"
}

for adapter in ${*:-atom ooredoo mpt mytel intune}; do
    side_of "$adapter"
    tools/world.sh stop "$world" 2>/dev/null || true
    rm -rf "$world"
    tools/world.sh make "$world"
    # shellcheck disable=SC2086 # Words are meant.
    tools/world.sh sandbox "$world" "$side" --stock P1=100000 $slow
    steps "$adapter"
    wait_at "$adapter"
done
