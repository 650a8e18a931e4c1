#!/usr/bin/env bash
# Makes the certificates of the examples and the tests anew. Needs openssl. They protect nothing: the keys are public.
# RSA keys in PKCS #1 form, because the programs of the Rust crate connect read no other.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

key() { openssl genrsa -traditional -out "$1.key" 2048 2>/dev/null; }

# authority DIR NAME: a self-signed authority; its key stays in $work.
authority() {
  key "$work/$2"
  openssl req -x509 -new -key "$work/$2.key" -sha256 -days 36500 -subj "/CN=connect-ts $2" \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign' -out "$1/$2.pem"
}

# certificate DIR NAME AUTHORITY_DIR AUTHORITY ALT_NAMES [more arguments of openssl x509]
certificate() {
  local dir=$1 name=$2 ca_dir=$3 ca=$4 names=$5
  shift 5
  key "$dir/$name"
  openssl req -new -key "$dir/$name.key" -subj "/CN=$name" -out "$work/$name.csr"
  printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\n' \
    "$names" > "$work/$name.ext"
  openssl x509 -req -in "$work/$name.csr" -CA "$ca_dir/$ca.pem" -CAkey "$work/$ca.key" -CAcreateserial \
    -CAserial "$work/serial" -sha256 -extfile "$work/$name.ext" "$@" -out "$dir/$name.pem" 2>/dev/null
}

# coming DIR NAME ALT_NAMES: signs itself, and is good from the year 2200 on. `openssl x509` cannot set a beginning.
coming() {
  local dir=$1 name=$2 names=$3
  key "$dir/$name"
  openssl req -new -key "$dir/$name.key" -subj "/CN=$name" -out "$work/$name.csr"
  touch "$work/index"
  printf '[ca]\ndefault_ca=it\n[it]\ndatabase=%s\nrand_serial=yes\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=any\nx509_extensions=ext\n[any]\ncommonName=supplied\n[ext]\nsubjectAltName=%s\n' \
    "$work/index" "$work" "$names" > "$work/coming.cnf"
  openssl ca -config "$work/coming.cnf" -selfsign -batch -notext -keyfile "$dir/$name.key" -in "$work/$name.csr" \
    -startdate 22000101000000Z -enddate 23000101000000Z -out "$dir/$name.pem" 2>/dev/null
}

# itself DIR NAME ALT_NAMES: signs itself, so that it is its own authority.
itself() {
  key "$1/$2"
  openssl req -x509 -new -key "$1/$2.key" -sha256 -days 36500 -subj "/CN=$2" -addext "subjectAltName=$3" \
    -addext 'basicConstraints=critical,CA:FALSE' -out "$1/$2.pem"
}

examples=examples/certificates
tests=test/certificates
authority $examples ca
certificate $examples localhost $examples ca 'DNS:localhost,IP:127.0.0.1,IP:::1' -days 36500
certificate $examples client $examples ca 'DNS:client.example' -days 36500
authority $tests other-ca
certificate $tests other-localhost $tests other-ca 'DNS:localhost,IP:127.0.0.1,IP:::1' -days 36500
certificate $tests wrong-name $examples ca 'DNS:elsewhere.example' -days 36500
certificate $tests expired $examples ca 'DNS:localhost,IP:127.0.0.1,IP:::1' -days -1
certificate $tests renewed $examples ca 'DNS:localhost,IP:127.0.0.1,IP:::1' -days 36500
coming $tests not-yet-valid 'DNS:localhost,IP:127.0.0.1,IP:::1'
itself $tests uncommon-names 'DNS:xn--bcher-kva.test,IP:fe80::1'
