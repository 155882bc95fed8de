#!/usr/bin/env bash
# Provide axe-core for the tests of accessibility in .axe/, which git ignores and no image gets. Offline those tests skip.
set -euo pipefail
cd "$(dirname "$0")/.."
version=4.14.1
checksum=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c
target=$PWD/.axe/axe-$version.min.js
if [ -f "$target" ]; then exit 0; fi

if ! command -v npm >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install -y --no-install-recommends npm; } || true
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
if ! npm pack --silent "axe-core@$version" >/dev/null; then
    echo "axe-core $version is not to be had (npm, network): the tests of accessibility will skip." >&2
    exit 0
fi
tar -xzf "axe-core-$version.tgz" package/axe.min.js
echo "$checksum  package/axe.min.js" | sha256sum --check --quiet
mkdir -p "$(dirname "$target")"
mv package/axe.min.js "$target"
