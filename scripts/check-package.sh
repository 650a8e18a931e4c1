#!/usr/bin/env bash
# Packs the package, looks at it as Node, bundlers and TypeScript will, and uses it from an empty folder on every
# supported Node. Prints "ok" or "not ok" for each check; ends with 0 if all are ok.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
check() {
  local name=$1
  shift
  if "$@" > "$work/log" 2>&1; then echo "ok: $name"; else
    echo "not ok: $name"
    sed 's/^/    /' "$work/log"
    failed=1
  fi
}

cd "$root"
npm pack --silent --pack-destination "$work" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
tarball=$(ls "$work"/*.tgz)

check 'publint' npx publint run "$tarball" --strict
check 'are the types wrong' npx attw "$tarball" --profile esm-only

mkdir "$work/user" && cd "$work/user"
echo '{ "private": true, "type": "module" }' > package.json
check 'installs into an empty folder' npm install --silent --no-audit --no-fund "$tarball"
check 'brings nothing else along' test "$(ls node_modules)" = connect-ts
cp "$root/test/package/smoke.mjs" "$root/test/package/required.cjs" "$root/test/package/consumer.ts" .
node_of() { echo "$root/.ci/node-versions/node_modules/node-$1/bin/node"; }
smoke() { "$(node_of "$1")" smoke.mjs "$root/examples/certificates" "$2"; }
for version in 20 22 24; do check "smoke test on Node $version" smoke $version without-dtls; done
check 'smoke test on Node 26, with its own way to call OpenSSL' smoke 26 with-dtls
for version in 20 22 24 26; do
  check "command line on Node $version" "$(node_of $version)" node_modules/connect-ts/dist/cli/main.js --version
  check "require() on Node $version" "$(node_of $version)" required.cjs
done
check 'a strict TypeScript program compiles against it' "$root/node_modules/.bin/tsc" consumer.ts --noEmit --strict \
  --ignoreConfig --target es2022 --module nodenext --lib es2022,esnext.disposable --types node \
  --typeRoots "$root/node_modules/@types" --skipLibCheck false
koffi=$("$(node_of 20)" -p "require('$root/node_modules/koffi/package.json').version")
check 'koffi installs next to it' npm install --silent --no-audit --no-fund --prefer-offline "koffi@$koffi"
for version in 20 22 24 26; do check "smoke test on Node $version, with koffi" smoke $version with-dtls; done
exit $failed
