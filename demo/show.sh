# How the demo looks: at most 100 columns, colours on a terminal only. Sourced by demo.sh.

bold='' dim='' good='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m') good=$(printf '\033[32m')
    plain=$(printf '\033[0m')
fi

heading() {
    printf '\n%s%d  %s%s\n' "$bold" "$number" "$1" "$plain"
    number=$((number + 1))
}
detail() {
    printf '   %s\n' "$1"
}
command_line() {
    for line in "$@"; do
        [ "$line" = "$1" ] && line="\$ $line"
        printf '   %s%s%s\n' "$dim" "$line" "$plain"
    done
}
indent() {
    sed 's/^/   /'
}

protocol_of() {
    case $1 in
    atom) echo "ATOM: ES2+ of SGP.22, JSON over mutual TLS" ;;
    mpt) echo "MPT: commands by SMS over SMPP 3.4" ;;
    ooredoo) echo "Ooredoo: SOAP with WS-Security" ;;
    mytel) echo "Mytel: binary frames over TLS" ;;
    intune) echo "Microsoft Intune, by Graph" ;;
    esac
}

PAD='def pad(n): (. + (" " * n))[0:n];'

show_adapter() {
    jq -r "$PAD"'"   \(.name | pad(8)) \(.version)  sha256 \(.object_sha256[0:12])  " +
        "cell up in \(.health.spawn_us / 100 | round / 10 | tostring | pad(5)) ms  \(.endpoints[0].url)"'
}

# The carrier's ledger on standard input, the host's events in $dir/events; one line each,
# in the order of time.
show_news() {
    jq -rn --arg carrier "$1" --arg dim "$dim" --arg good "$good" --arg plain "$plain" \
        --slurpfile told "$dir/events" "$PAD"'
        def clock: (. / 1000 | floor | todate[11:19]) +
            "." + ("00\(. % 1000)"[-3:]);
        [($told[0].items[] | select(.type == "order.state" or .type == "profile.state") |
            { at: .time[11:23], who: (.subject | split("/")[0]), what: .data.state }),
         (inputs | select(.kind | IN("request", "message", "notification")) |
            { at: (.at_ms | clock), who: $carrier,
              what: (if .text then "says \"\(.text)\""
                     elif .point then "handleDownloadProgressInfo, point \(.point)"
                     else .function end) })] |
        sort_by(.at)[] |
        (if .what | IN("completed", "Installed") then $good else "" end) as $colour |
        "   \($dim)\(.at)\($plain)  \(.who | pad(8)) \($colour)\(.what)" +
        (if $colour == "" then "" else $plain end)'
}

# The same members whichever carrier served it.
show_result() { # ORDER PROFILE
    jq -rn --slurpfile order "$1" --slurpfile profile "$2" "$PAD"'
        $order[0] as $o | $profile[0] as $p |
        "   \($o.carrier | pad(8)) \($o.state)  \($p.state)  \($o.iccid)  " +
        (if $p.has_code then "" else "without a code  " end) +
        ([$o.steps[] | select(.took_ms != null) |
            "\(.capability | split(".")[1]) \(.took_ms)"] | join(" + ")) + " ms"'
}

show_assignment() {
    jq -r '"   \(.state): \(.result.state) on the device, targeting \(.result.targeting), in " +
        "\(.steps[0].took_ms) ms; nobody saw the code"'
}
