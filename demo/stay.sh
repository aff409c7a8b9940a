# What `make run` says about what it left running. Sourced by demo.sh.

device=00000000-0000-4000-8000-000000000001
cat <<END

The host is at $url, its log in $dir/host.log. To stop everything: demo/demo.sh --end
What each carrier heard: the route /sandbox/ledger at
  atom $(control_of atom)   mpt $(control_of mpt)   ooredoo $(control_of ooredoo)
  mytel $(control_of mytel)   intune $(control_of intune)

To try, line by line:

  export ESIM_URL=$url ESIM_TOKEN_FILE=\$PWD/$dir/key PATH=\$PWD/$B:\$PATH

  # ATOM, ES2+: a profile, and its code for a phone
  esimctl order create --carrier atom --eid $eid --profile-type P1 --wait 5s
  esimctl profile list
  esimctl profile qr ICCID                  # with an ICCID of that list

  # MPT, SMS over SMPP: a line, a message, a profile
  esimctl order create --carrier mpt --type line.activate --msisdn 09790000001 --wait 5s
  esimctl order create --carrier mpt --type sms.send --msisdn 09790000001 --text 'Hello' --wait 5s
  esimctl order create --carrier mpt --eid $eid --profile-type P1 --wait 5s

  # Ooredoo, SOAP: a line that is barred, and its usage
  esimctl order create --carrier ooredoo --type line.activate --msisdn 09960000001 --wait 5s
  esimctl order create --carrier ooredoo --type line.suspend --msisdn 09960000001 --wait 5s
  esimctl order create --carrier ooredoo --type usage.read --msisdn 09960000001 --wait 5s -o yaml \\
    --extra '{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"}'

  # Mytel, binary frames: a profile, and what the carrier says of it
  esimctl order create --carrier mytel --eid $eid --profile-type P1 --wait 5s
  esimctl order create --type profile.status --iccid ICCID --wait 5s -o yaml

  # Intune: the devices, and one of these profiles for the first of them
  esimctl order create --type device.list --wait 5s -o yaml
  esimctl order create --type device.assign --iccid ICCID --wait 30s \\
    --extra '{"device_id":"$device"}'

  # What no carrier offers is refused before any is called
  esimctl order create --carrier atom --type line.suspend --msisdn 09790000001
END
