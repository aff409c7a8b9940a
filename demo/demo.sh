#!/bin/sh
# Real orders, end to end, on this machine: an API key, Lua policies, the store, signed
# adapters in locked cells, and a carrier of the sandbox behind each, by its own protocol:
# ES2+ over mutual TLS, SMS over SMPP, SOAP, binary frames; then a device managed by Intune.
#
#   demo/demo.sh           in a scratch folder on free ports; stops what it started
#   demo/demo.sh --stay    fixed addresses, left running; demo/demo.sh --end stops it
#   demo/demo.sh --check   as the first, without colours or pauses, and judges the result
set -eu
cd "$(dirname "$0")/.."
. demo/show.sh
export B="${B:-build/debug}"
mode=${1:-}
eid=89049032123451234512345678901235
carriers="atom mpt ooredoo mytel"

case $mode in
--stay | --end)
    dir=build/run
    export HTTP_LISTEN=127.0.0.1:8080 CALLBACK_LISTEN=127.0.0.1:8443
    tools/world.sh stop $dir
    [ "$mode" = --stay ] || exit 0
    rm -rf $dir # The sandbox remembers nothing, so the host must not either.
    ;;
*)
    dir=$(mktemp -d)
    trap 'tools/world.sh stop "$dir"; rm -rf "$dir"' EXIT
    trap 'exit 130' INT TERM
    ;;
esac
# A carrier takes its time; a test does not.
latency=150
if [ "$mode" = --check ]; then
    latency=0
    exec 3>&1 > "$dir/shown" # It is judged, then printed.
fi

# ---- start ----

side_of() {
    case $1 in atom) echo smdp ;; mpt) echo smsc ;; ooredoo) echo soap ;; intune) echo graph ;; *) echo "$1" ;; esac
}
control_of() {
    echo "http://$(jq -r .control "$dir/$(side_of "$1").json")"
}
esimctl() {
    "$B/esimctl" "$@"
}

tools/world.sh make "$dir"
# Each has ICCIDs of its own, as carriers do.
for pair in smdp=899506 smsc=899501 soap=899505 mytel=899509; do
    tools/world.sh sandbox "$dir" "${pair%=*}" --stock P1=1000 \
        --iccid-prefix "${pair#*=}" --latency-ms $latency
done
tools/world.sh sandbox "$dir" graph --latency-ms $latency
tools/world.sh host "$dir"
url=http://$(jq -r .http "$dir/host.json")
export ESIM_URL="$url" ESIM_TOKEN_FILE="$dir/key"

if [ "$mode" = --stay ]; then
    . demo/stay.sh
    exit 0
fi

# ---- orders ----

# What the host tells and what the carrier hears, since the last look.
news() { # CARRIER
    curl -fsS -H "Authorization: Bearer $(cat "$dir/key")" \
        "$url/v1/events?after=$events&limit=500" > "$dir/events"
    curl -fsS "$(control_of "$1")/sandbox/ledger?after=$heard" > "$dir/heard"
    show_news "$1" < "$dir/heard"
    events=$(jq --argjson was "$events" '.items[-1].sequence // $was' "$dir/events")
    heard=$(jq -s --argjson was "$heard" '.[-1].seq // $was' "$dir/heard")
}

listen() { # CARRIER: news of it begin now.
    heard=$(curl -fsS "$(control_of "$1")/sandbox/ledger" | jq -s '.[-1].seq // 0')
}

# until_is WORDS MEMBER COMMAND..: shows the news of $carrier as they come, until the JSON
# that COMMAND prints has one of WORDS as MEMBER; at most half a minute.
until_is() {
    words=$1 member=$2 tries=300 word=
    shift 2
    while [ "${words#*" $word "}" = "$words" ] && [ $tries -gt 0 ]; do
        word=$("$@" -o json | jq -r --arg member "$member" '.[$member]')
        news "$carrier"
        tries=$((tries - 1))
        sleep 0.05
    done
}

# order CARRIER ARGUMENT..: places one and follows it; its id is in $id.
order() {
    carrier=$1
    shift
    listen "$carrier"
    id=$(esimctl order create --carrier "$carrier" "$@" -o json | jq -r .id)
    until_is " completed failed held partial rejected " state esimctl order get "$id"
}

events=0 number=1
heading "One host, four carriers and an MDM, each by its own protocol"
detail "$url, policy $(esimctl policy get -o json | jq -r '.[0] | "revision \(.revision), sha256 \(.digest[0:12])"')"
for name in $carriers intune; do
    esimctl adapter get "$name" -o json | show_adapter
done

for name in $carriers; do
    heading "$(protocol_of "$name")"
    command_line "esimctl order create --carrier $name --eid $eid --profile-type P1"
    order "$name" --eid $eid --profile-type P1
    esimctl order get "$id" -o json > "$dir/order.$name"
    iccid=$(jq -r .iccid "$dir/order.$name")
    esimctl profile get "$iccid" -o json > "$dir/profile.$name"
done

heading "For a client all four are the same"
for name in $carriers; do
    show_result "$dir/order.$name" "$dir/profile.$name"
done

iccid=$(jq -r .iccid "$dir/order.atom")
heading "The activation code of ATOM's (permission profile.reveal, and an audit record)"
code=$(esimctl profile code "$iccid")
detail "LPA:$code"
esimctl profile qr "$iccid"

heading "A phone scans it; the carrier tells us when it is installed"
carrier=atom
listen $carrier
curl -fsS -o /dev/null -X POST -H 'Content-Type: application/json' \
    -d "{\"activation_code\":\"$code\"}" "$(control_of atom)/sandbox/devices/$eid/install"
until_is " Installed " state esimctl profile get "$iccid"

iccid=$(jq -r .iccid "$dir/order.mpt")
heading "MPT's goes to a managed device by itself: $(protocol_of intune)"
command_line "esimctl order create --type device.list"
order intune --type device.list
device=$(esimctl order get "$id" -o json | jq -r '.result.devices[0].device_id')
command_line "esimctl order create --type device.assign --iccid $iccid \\" \
    "    --extra '{\"device_id\":\"$device\"}'"
order intune --type device.assign --iccid "$iccid" --extra "{\"device_id\":\"$device\"}"
esimctl order get "$id" -o json > "$dir/order.intune"
show_assignment < "$dir/order.intune"

heading "Every change is in the audit"
esimctl audit verify | indent

if [ "$mode" = --check ]; then
    . demo/judge.sh
fi
