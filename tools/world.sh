#!/bin/sh
# A small world on loopback: a folder with keys and configuration, carriers, a host.
# The demo, the scenarios, the torture and the measurements all live in one of these.
#
#   tools/world.sh make DIR                       certificates, configuration, an API key
#   tools/world.sh sandbox DIR SIDE.. [--ARG..]   starts esim-sandbox as each SIDE, all with
#                                                 these ARGs, and places its adapter
#   tools/world.sh place DIR ADAPTER [URL]        configures an adapter for the carrier at
#                                                 URL; without it, for its side in DIR
#   tools/world.sh host DIR [ARG..]               starts the host with the adapters that are
#                                                 placed, and waits until it is ready
#   tools/world.sh stop DIR                       stops what was started here, by process id
#
#   SIDE      smdp  soap     smsc  mytel  graph
#   ADAPTER   atom  ooredoo  mpt   mytel  intune   settings: tools/world/ADAPTER.yaml
#
# An order's "carrier" is the ADAPTER. B: the build folder (build/debug). Files in DIR:
# esimd.yaml, key (of tenant acme, role admin), host.json and SIDE.json (addresses;
# "control" of a side has the routes below /sandbox/), *.log, *.pid. HTTP_LISTEN and
# CALLBACK_LISTEN: fixed addresses instead of free ports.
#
#   tools/world.sh make /tmp/w
#   tools/world.sh sandbox /tmp/w smdp smsc graph --latency-ms 100 --stock P1=50
#   tools/world.sh host /tmp/w
set -eu
command=${1:?make, sandbox, place, host or stop} dir=${2:?a folder}
shift 2
B=${B:-build/debug}
top=$(cd "$(dirname "$0")/.." && pwd)
case $B in /*) ;; *) B=$top/$B ;; esac
password=8letters secret=a-secret-of-32-letters-for-mytel

# first_line FILE PID SECONDS: waits until FILE has a line; fails when PID is gone.
first_line() {
    tries=$(($3 * 20))
    while [ ! -s "$1" ]; do
        tries=$((tries - 1))
        if [ $tries -le 0 ] || ! is_running "$2"; then
            return 1
        fi
        sleep 0.05
    done
}

# A dead process that its parent has not looked at yet does not run.
is_running() {
    kill -0 "$1" 2>/dev/null && ! grep -q '^[0-9]* (.*) Z' "/proc/$1/stat" 2>/dev/null
}

end() {
    [ -s "$dir/$1.pid" ] || return 0
    pid=$(cat "$dir/$1.pid")
    rm -f "$dir/$1.pid"
    kill "$pid" 2>/dev/null || return 0
    tries=300
    while is_running "$pid" && [ $tries -gt 0 ]; do
        tries=$((tries - 1))
        sleep 0.05
    done
    kill -9 "$pid" 2>/dev/null || true
}

adapter_of() {
    case $1 in
    smdp) echo atom ;;
    soap) echo ooredoo ;;
    smsc) echo mpt ;;
    mytel) echo mytel ;;
    graph) echo intune ;;
    *)
        echo "world.sh: no such side: $1" >&2
        return 2
        ;;
    esac
}

# start SIDE [ARG..]: what both ends of a side have to know is here and in place.
start() {
    side=$1
    shift
    case $side in
    smdp) set -- --tls-dir "$dir/tls" "$@" ;;
    soap) set -- --tls-dir "$dir/tls" --user u9 --password "$password" "$@" ;;
    smsc) set -- --plain --user esimd --password "$password" "$@" ;;
    mytel) set -- --tls-dir "$dir/tls" --user acme-01 --password "$secret" "$@" ;;
    graph) set -- --plain --client "esimd=$password" "$@" ;;
    esac
    rm -f "$dir/$side.json"
    "$B/esim-sandbox" "$side" --control 127.0.0.1:0 "$@" \
        > "$dir/$side.json" 2> "$dir/$side.log" < /dev/null &
    echo $! > "$dir/$side.pid"
    first_line "$dir/$side.json" "$(cat "$dir/$side.pid")" 10 || {
        cat "$dir/$side.log" >&2
        return 1
    }
}

# url_of SIDE SCHEME: where that side of this world listens.
url_of() {
    echo "$2://$(jq -r .address "$dir/$1.json")"
}

# secrets ADAPTER NAME=TEXT.. (a TEXT with a slash: that file)
secrets() {
    folder=$dir/secrets/$1/default
    shift
    mkdir -p "$folder"
    for each in "$@"; do
        case ${each#*=} in
        */*) cp "${each#*=}" "$folder/${each%%=*}" ;;
        *) printf '%s' "${each#*=}" > "$folder/${each%%=*}" ;;
        esac
    done
}

case $command in
make)
    mkdir -p "$dir/data" "$dir/manifests" "$dir/adapters.d" "$dir/secrets"
    dir=$(cd "$dir" && pwd)
    "$top/tools/dev-tls.sh" "$dir/tls"
    cp "$top/build/keys/seal.key" "$dir/secrets/seal.key"
    cat > "$dir/esimd.yaml" <<END
data.dir: $dir/data
adapter.dir: $B/adapters
manifest.dir: $dir/manifests
policy.dir: $B/policies
adapter.conf_dir: $dir/adapters.d
secret.dir: $dir/secrets
trust.file: $top/build/keys/trust.yaml
seal.key_file: $dir/secrets/seal.key
cell.dir: $B
number.plan_file: $top/share/numberplan/mm.yaml
http.listen: ${HTTP_LISTEN:-127.0.0.1:0}
http.socket: $dir/api.sock
callback.listen: ${CALLBACK_LISTEN:-127.0.0.1:0}
callback.tls_cert: $dir/tls/server.pem
callback.tls_key: $dir/tls/server.key
callback.tls_client_ca: $dir/tls/ca.pem
END
    umask 077
    "$B/esimd" --config "$dir/esimd.yaml" --create-key acme admin demo > "$dir/key"
    ;;
sandbox)
    sides=
    while [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; do
        sides="$sides $1"
        shift
    done
    for side in ${sides:?at least one SIDE}; do
        adapter=$(adapter_of "$side")
        start "$side" "$@"
        "$0" place "$dir" "$adapter"
    done
    ;;
place)
    adapter=$1 tls=$dir/tls
    case $adapter in
    atom)
        url=${2:-$(url_of smdp https)}
        secrets atom "es2.cert=$tls/client.pem" "es2.key=$tls/client.key" "es2.ca=$tls/ca.pem"
        ;;
    ooredoo)
        url=${2:-$(url_of soap https)}
        secrets ooredoo "soap.ca=$tls/ca.pem" "wss.password=$password"
        ;;
    mpt)
        url=${2:-$(url_of smsc tcp)}
        secrets mpt smpp.system_id=esimd "smpp.password=$password"
        ;;
    mytel)
        url=${2:-$(url_of mytel tls)}
        secrets mytel "mytel.ca=$tls/ca.pem" "login.secret=$secret"
        ;;
    intune)
        url=${2:-$(url_of graph http)}
        secrets intune "client_secret=$password"
        ;;
    *)
        echo "world.sh: no such adapter: $adapter" >&2
        exit 2
        ;;
    esac
    sed "s|@URL@|$url|" "$top/tools/world/$adapter.yaml" > "$dir/adapters.d/$adapter.yaml"
    ;;
host)
    rm -f "$dir/host.json"
    # Adapters that somebody has configured, and no others.
    for conf in "$dir"/adapters.d/*.yaml; do
        name=$(basename "$conf" .yaml)
        if [ ! -e "$dir/manifests/$name.yaml" ] && [ -e "$B/manifests/$name.yaml" ]; then
            cp "$B/manifests/$name.yaml" "$B/manifests/$name.yaml.minisig" "$dir/manifests/"
        fi
    done
    "$B/esimd" --config "$dir/esimd.yaml" "$@" \
        > "$dir/host.json" 2>> "$dir/host.log" < /dev/null &
    echo $! > "$dir/host.pid"
    pid=$!
    first_line "$dir/host.json" "$pid" 20 || {
        tail -5 "$dir/host.log" >&2
        exit 1
    }
    url=http://$(jq -r .http "$dir/host.json")
    tries=200
    until curl -fs -o /dev/null "$url/readyz" 2>/dev/null; do
        tries=$((tries - 1))
        if [ $tries -le 0 ] || ! is_running "$pid"; then
            curl -s "$url/readyz?verbose" >&2 || true
            tail -5 "$dir/host.log" >&2
            exit 1
        fi
        sleep 0.05
    done
    for side in smdp soap smsc mytel graph; do
        [ -s "$dir/$side.json" ] || continue
        curl -fs -o /dev/null -X POST -H 'Content-Type: application/json' \
            -d "{\"url\":\"https://$(jq -r .callback "$dir/host.json")/callbacks/$(adapter_of $side)\"}" \
            "http://$(jq -r .control "$dir/$side.json")/sandbox/callback"
    done
    ;;
stop)
    for name in host smdp soap smsc mytel graph; do
        end $name
    done
    ;;
*)
    echo "world.sh: no such command: $command" >&2
    exit 2
    ;;
esac
