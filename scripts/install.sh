#!/usr/bin/env bash
# Install lists of packages for one Python: scripts/install.sh PYTHON LIST ...
#
#   TORCH_BUILD=auto     (default) the CPU build of torch where no NVIDIA GPU is, else the usual one
#   TORCH_BUILD=cpu      the CPU build; TORCH_BUILD=default: what the package index has, on Linux with CUDA
#   TORCH_INDEX=ADDRESS  take torch from this index
#   WHEELS=FOLDER        take everything from a folder of wheels (make wheels), without a network
set -euo pipefail
python=$1
shift
here=$(cd "$(dirname "$0")/.." && pwd)
pip=("$python" -m pip --disable-pip-version-check install)
change="Another build: TORCH_BUILD=cpu or default, or TORCH_INDEX=ADDRESS, with .venv removed first."

torch=$(sed -n 's/^torch==//p' "$here/requirements.txt")
if [ -n "${WHEELS:-}" ]; then
    echo "Installing from the folder $WHEELS alone."
    pip+=(--no-index --find-links "$WHEELS")
    exec "${pip[@]}" "${@/#/--requirement=}"
fi

has_gpu() { [ -e /proc/driver/nvidia/version ] || nvidia-smi -L >/dev/null 2>&1; }

build=${TORCH_BUILD:-auto}
case $build in
auto | cpu | default) ;;
*) echo "TORCH_BUILD is '$build', but it is auto, cpu or default." >&2 && exit 2 ;;
esac
if [ "$build" = auto ]; then
    # Elsewhere than on Linux the usual build has no CUDA.
    if [ "$(uname -s)" != Linux ] || has_gpu; then build=default; else build=cpu; fi
fi

has_torch() { "$python" -c "import importlib.metadata as m; assert m.version('torch').partition('+')[0] == '$torch'" 2>/dev/null; }

if has_torch; then
    :
elif [ -n "${TORCH_INDEX:-}" ]; then
    echo "Installing torch $torch from $TORCH_INDEX (TORCH_INDEX)."
    "${pip[@]}" --no-deps --index-url "$TORCH_INDEX" "torch==$torch" ||
        echo "That index does not have it; taking the usual build of torch. $change" >&2
elif [ "$build" = cpu ]; then
    echo "No NVIDIA GPU: installing the CPU build of torch $torch, 2 GB less to download. $change"
    # uv knows the index of the CPU builds; pip does not.
    "${pip[@]}" --quiet uv &&
        UV_HTTP_TIMEOUT=20 UV_HTTP_RETRIES=1 "$python" -m uv pip install --quiet --python "$python" \
            --no-deps --torch-backend=cpu "torch==$torch" ||
        echo "The index of CPU builds does not answer; taking the usual build of torch. $change" >&2
else
    echo "Installing the usual build of torch $torch. $change"
fi
"${pip[@]}" "${@/#/--requirement=}"
