#!/usr/bin/env bash
# Provide a Chromium for the browser tests: the one on the PATH, Debian's, or Playwright's own.
set -euo pipefail
cd "$(dirname "$0")/.."

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update
    apt-get install -y --no-install-recommends chromium fonts-liberation
else
    .venv/bin/playwright install chromium # does nothing when it is there already
fi
