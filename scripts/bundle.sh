#!/usr/bin/env bash
# Makes assets/50-regl-scatterplot.min.js anew from the published package; needs node and npm, and nothing else here does.
set -euo pipefail
cd "$(dirname "$0")/.."
assets=$PWD/assets
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts regl-scatterplot@1.16.0 esbuild@0.28.2
cat >entry.js <<'JS'
export { default as create, createRenderer, createSpatialIndex, checkSupport } from "regl-scatterplot";
JS
npx esbuild entry.js --bundle --minify --legal-comments=none --format=iife --global-name=nuwaScatterplot --target=es2020 \
    --outfile="$assets/50-regl-scatterplot.min.js"
