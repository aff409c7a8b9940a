#!/bin/sh
# A small world on loopback: a folder with keys and configuration, a sandbox, a host.
# The demo, the scenarios, the torture and the measurements all live in one of these.
#
#   tools/world.sh make DIR             folders, certificates, configuration, an API key
#   tools/world.sh sandbox DIR [ARG..]  starts the sandbox's SM-DP+ for the ATOM adapter
#   tools/world.sh place DIR NAME URL   an adapter's endpoint es2plus is at URL
#   tools/world.sh host DIR [ARG..]     starts the host and waits until it is ready
#   tools/world.sh stop DIR             stops what was started here, by its process id
#
# B: the build folder (build/debug). Files in DIR: esimd.yaml, key (of tenant acme, role
# admin), host.json and sandbox.json (addresses), *.log, *.pid. HTTP_LISTEN and
# CALLBACK_LISTEN: fixed addresses instead of free ports.
set -eu
command=${1:?make, sandbox, place, host or stop} dir=${2:?a folder}
shift 2
B=${B:-build/debug}
top=$(cd "$(dirname "$0")/.." && pwd)
case $B in /*) ;; *) B=$top/$B ;; esac

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

case $command in
make)
    mkdir -p "$dir/data" "$dir/manifests" "$dir/adapters.d" "$dir/secrets/atom/default"
    dir=$(cd "$dir" && pwd)
    "$top/tools/dev-tls.sh" "$dir/tls"
    cp "$dir/tls/client.pem" "$dir/secrets/atom/default/es2.cert"
    cp "$dir/tls/client.key" "$dir/secrets/atom/default/es2.key"
    cp "$dir/tls/ca.pem" "$dir/secrets/atom/default/es2.ca"
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
    rm -f "$dir/sandbox.json"
    "$B/esim-sandbox" smdp --tls-dir "$dir/tls" --control 127.0.0.1:0 "$@" \
        > "$dir/sandbox.json" 2> "$dir/sandbox.log" < /dev/null &
    echo $! > "$dir/sandbox.pid"
    first_line "$dir/sandbox.json" "$(cat "$dir/sandbox.pid")" 10 || {
        cat "$dir/sandbox.log" >&2
        exit 1
    }
    "$0" place "$dir" atom "https://$(jq -r .address "$dir/sandbox.json")"
    ;;
place)
    cat > "$dir/adapters.d/$1.yaml" <<END
settings:
  requester_id: 1.3.6.1.4.1.53535
  smdp_address: smdp.example.com
endpoints:
  - name: es2plus
    url: $2
END
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
    if [ -s "$dir/sandbox.json" ]; then
        curl -fs -o /dev/null -X POST -H 'Content-Type: application/json' \
            -d "{\"url\":\"https://$(jq -r .callback "$dir/host.json")/callbacks/atom\"}" \
            "http://$(jq -r .control "$dir/sandbox.json")/sandbox/callback"
    fi
    ;;
stop)
    end host
    end sandbox
    ;;
*)
    echo "world.sh: no such command: $command" >&2
    exit 2
    ;;
esac
