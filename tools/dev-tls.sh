#!/bin/sh
# dev-tls.sh DIR - a certificate authority and what it signed, for development and tests.
#
#   ca.pem, ca.key            the authority, good for ten days
#   server.pem, server.key    any server on this machine (localhost, 127.0.0.1, ::1)
#   client.pem, client.key    the host, as a client of a carrier
#   carrier.pem, carrier.key  a carrier, as a client of the host's callbacks
#   stranger.pem, .key        a client that another authority signed: must be refused
#
# EC P-256. Made anew in each folder, at run time; nothing here is ever committed. A
# folder that has them already is left as it is.
set -eu

dir=${1:?usage: dev-tls.sh DIR}
[ -s "$dir/.complete" ] && exit 0
mkdir -p "$dir"
chmod 700 "$dir"
umask 077
cd "$dir"

log=openssl.log
: > $log

# key NAME: a fresh private key.
key() {
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>> $log
}

# authority NAME "Common name"
authority() {
    key "$1"
    openssl req -x509 -new -key "$1.key" -sha256 -days 10 -subj "/CN=$2" \
        -addext "basicConstraints=critical,CA:TRUE" \
        -addext "keyUsage=critical,keyCertSign,cRLSign" -out "$1.pem" 2>> $log
}

# leaf NAME "Common name" USAGE ALT-NAMES AUTHORITY
leaf() {
    key "$1"
    openssl req -new -key "$1.key" -subj "/CN=$2" -out "$1.csr" 2>> $log
    cat > "$1.ext" <<EXT
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=$3
subjectAltName=$4
EXT
    openssl x509 -req -in "$1.csr" -CA "$5.pem" -CAkey "$5.key" -CAcreateserial -sha256 \
        -days 10 -extfile "$1.ext" -out "$1.pem" 2>> $log
    rm "$1.csr" "$1.ext"
}

here="DNS:localhost,IP:127.0.0.1,IP:::1"
authority ca "esimd development CA"
authority other-ca "some other CA"
leaf server "localhost" serverAuth "$here" ca
leaf client "esimd" clientAuth "DNS:esimd.example" ca
leaf carrier "carrier" clientAuth "DNS:carrier.example" ca
leaf stranger "stranger" clientAuth "DNS:stranger.example" other-ca
rm -f other-ca.key other-ca.srl ca.srl $log
echo "made by tools/dev-tls.sh" > .complete
