# `demo.sh --check`: is what was shown true, whole and no more than may be shown? Prints it
# and ends with "demo: N passed, M failed". Sourced by demo.sh.

exec 1>&3
cat "$dir/shown"

passed=0 failed=0
expect() { # WHAT FOUND EXPECTED
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "demo: $1: expected \"$3\", found \"$2\"" >&2
    fi
}

# What the lines of one carrier say after their time, joined.
shown_of() {
    awk -v who="$1" '$1 ~ /^[0-9][0-9]:/ && $2 == who { line = line sep $3; sep = " " }
        END { print line }' "$dir/shown"
}
effects_of() { # CARRIER MEMBER
    curl -fsS "$(control_of "$1")/sandbox/ledger" |
        jq -s -r --arg member "$2" \
            '[.[] | select(.kind == "request" and .[$member] == true) | .function] | join(" ")'
}

atoms="downloadOrder confirmOrder releaseProfile"
told="handleDownloadProgressInfo, handleDownloadProgressInfo, handleDownloadProgressInfo,"
ooredoos="OrderProfile ConfirmProfile"
mytels="PROFILE_ORDER PROFILE_CONFIRM PROFILE_RELEASE"
expect "what ATOM heard, as shown" "$(shown_of atom)" "$atoms $told"
expect "what ATOM carried out" "$(effects_of atom carried_out)" "$atoms"
expect "what MPT heard, as shown" "$(shown_of mpt)" "submit_sm says"
expect "what Ooredoo heard, as shown" "$(shown_of ooredoo)" "$ooredoos"
expect "what Ooredoo carried out" "$(effects_of ooredoo carried_out)" "$ooredoos"
expect "what Mytel heard, as shown" "$(shown_of mytel)" "$mytels"
expect "what Mytel carried out" "$(effects_of mytel carried_out)" "$mytels"
expect "what Intune was changed" "$(effects_of intune effect)" "createGroup addMember createPool assignPool"
for name in $carriers; do
    expect "the order at $name" "$(jq -r .state "$dir/order.$name")" completed
    expect "the profile of $name" "$(jq -r '"\(.state) \(.has_code)"' "$dir/profile.$name")" "Released true"
    expect "the result of $name, as shown" \
        "$(grep -c "^   $name *completed  Released  $(jq -r .iccid "$dir/order.$name")  order [0-9]" "$dir/shown")" 1
    expect "the adapter $name, as shown" \
        "$(grep -c "^   $name .*sha256 $(esimctl adapter get "$name" -o json | jq -r '.object_sha256[0:12]')" "$dir/shown")" 1
done
expect "Intune's assignment" "$(jq -r '"\(.state) \(.result.state) \(.result.targeting)"' "$dir/order.intune")" \
    "completed Installed device"
expect "the profile on the phone" "$(grep -c ' profile  Installed$' "$dir/shown")" 1
esimctl profile qr "$(jq -r .iccid "$dir/order.atom")" --as png --out "$dir/qr.png"
expect "the QR as a phone reads it" "$(zbarimg -q --nodbus --raw "$dir/qr.png")" "LPA:$code"
expect "lines wider than 100 columns" "$(grep -v "$(printf '\033')" "$dir/shown" | awk 'length > 100' | wc -l)" 0
# ATOM's code is revealed on purpose; no other is, nor any key.
for name in mpt ooredoo mytel; do
    secret=$(esimctl profile code "$(jq -r .iccid "$dir/order.$name")" | cut -d'$' -f3)
    expect "the code of $name in what was shown" "$(grep -c "$secret" "$dir/shown")" 0
done
expect "the API key in what was shown" "$(grep -cf "$dir/key" "$dir/shown")" 0

echo "demo: $passed passed, $failed failed"
[ $failed -eq 0 ]
