#!/bin/sh
# One real order, end to end, on this machine: an API key, Lua policies, the store, the
# signed ATOM adapter in its locked cell, ES2+ over mutual TLS to a sandbox's SM-DP+, and
# an activation code with a QR that a phone can read.
#
#   demo/demo.sh           in a scratch folder on free ports; stops what it started
#   demo/demo.sh --stay    fixed addresses, left running; demo/demo.sh --end stops it
#   demo/demo.sh --check   as the first, without colours or pauses, and judges the result
set -eu
cd "$(dirname "$0")/.."
export B="${B:-build/debug}"
mode=${1:-}
eid=89049032123451234512345678901235

if [ "$mode" = --stay ] || [ "$mode" = --end ]; then
    dir=build/run
    export HTTP_LISTEN=127.0.0.1:8080 CALLBACK_LISTEN=127.0.0.1:8443
else
    dir=$(mktemp -d)
    trap 'tools/world.sh stop "$dir"; rm -rf "$dir"' EXIT
    trap 'exit 130' INT TERM
fi
if [ "$mode" = --end ]; then
    tools/world.sh stop $dir
    exit 0
fi

bold='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "$mode" != --check ]; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
fi
say() {
    printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}
esimctl() {
    "$B/esimctl" "$@"
}

if [ "$mode" = --stay ]; then
    tools/world.sh stop $dir
    rm -rf $dir/manifests # The adapters may have been built anew.
fi
[ -s "$dir/key" ] || tools/world.sh make "$dir"
mkdir -p "$dir/manifests"
# A carrier takes its time; a test does not.
latency=300
[ "$mode" != --check ] || latency=0
tools/world.sh sandbox "$dir" smdp --latency-ms $latency
tools/world.sh host "$dir"
url=http://$(jq -r .http "$dir/host.json")
control=http://$(jq -r .control "$dir/smdp.json")
export ESIM_URL="$url" ESIM_TOKEN_FILE="$dir/key"

if [ "$mode" = --stay ]; then
    say "The host is at $url, its sandbox's ledger at $control/sandbox/ledger."
    cat <<END
Its log: $dir/host.log    To stop both: demo/demo.sh --end

Three commands to try:
  export ESIM_URL=$url ESIM_TOKEN_FILE=$dir/key PATH=\$PWD/$B:\$PATH
  esimctl order create --carrier atom --eid $eid --profile-type P1 --wait 5s
  esimctl adapter get atom
  curl -s $url/openapi.json | jq .info
END
    exit 0
fi

say "1. The host serves $url, the sandbox's SM-DP+ https://$(jq -r .address "$dir/smdp.json")"
esimctl adapter list

say "2. An order, over HTTP; its steps as they happen"
printf '%s$ esimctl order create --carrier atom --eid %s --profile-type P1%s\n' \
    "$dim" $eid "$plain"
mkfifo "$dir/events"
jq --unbuffered -r 'select(.type | endswith(".state")) |
    "\(.time[11:23])  \(.subject | split("/")[0] | (. + "      ")[0:8]) " +
    "\(.data.was // "" | (. + "              ")[0:14]) -> \(.data.state)"' \
    < "$dir/events" &
shown=$!
"$B/esimctl" event watch -o jsonl > "$dir/events" 2>/dev/null &
watch=$!
id=$(esimctl order create --carrier atom --plan gold --eid $eid --profile-type P1 \
    --wait 30s -o json | jq -r .id)
sleep 0.3 # For the last line to be printed; nothing is judged by it.
kill $watch
wait $shown

say "3. The order, and how long each step took"
esimctl order get "$id"
iccid=$(esimctl order get "$id" -o json | jq -r .iccid)

say "4. The activation code (the permission profile.reveal, and an audit record)"
code=$(esimctl profile code "$iccid")
echo "LPA:$code"
esimctl profile qr "$iccid"

say "5. A phone scans it; the carrier tells us when it is installed"
curl -fsS -o /dev/null -X POST -H 'Content-Type: application/json' \
    -d "{\"activation_code\":\"$code\"}" "$control/sandbox/devices/$eid/install"
tries=100 state=
while [ "$state" != Installed ] && [ $tries -gt 0 ]; do
    state=$(esimctl profile get "$iccid" -o json | jq -r .state)
    tries=$((tries - 1))
    sleep 0.05
done
echo "profile $iccid is $state"

say "6. What decided and what ran"
policy=$(esimctl policy get -o json | jq -r '.[0] | "revision \(.revision), sha256 \(.digest[0:16])"')
adapter=$(esimctl adapter get atom -o json |
    jq -r '"\(.version), sha256 \(.object_sha256[0:16]), signed by \(.signed_by), cell up in \(.health.spawn_us / 1000) ms"')
esimctl order get "$id" -o json |
    jq -r --arg policy "$policy" --arg adapter "$adapter" \
        '"policy    \($policy), decision \(.decision_id)",
         "adapter   atom \($adapter)",
         ([.steps[] | select(.took_ms != null)] |
          "steps     " + (map("\(.capability) \(.took_ms) ms") | join(", ")))'
esimctl audit verify

if [ "$mode" = --check ]; then
    passed=0 failed=0
    expect() {
        if [ "$2" = "$3" ]; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "demo: $1: expected \"$3\", found \"$2\"" >&2
        fi
    }
    expect "the order's state" "$(esimctl order get "$id" -o json | jq -r .state)" completed
    expect "the profile's state" "$state" Installed
    esimctl profile qr "$iccid" --as png --out "$dir/qr.png"
    expect "the QR as a phone reads it" "$(zbarimg -q --nodbus --raw "$dir/qr.png")" "LPA:$code"
    effects=$(curl -fsS "$control/sandbox/ledger" |
        jq -s -r '[.[] | select(.kind == "request" and .carried_out) | .function] | join(" ")')
    expect "what the carrier carried out" "$effects" \
        "downloadOrder confirmOrder releaseProfile"
    echo "demo: $passed passed, $failed failed"
    [ $failed -eq 0 ]
fi
