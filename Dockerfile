# Nuwa for a server without a GPU; Dockerfile.cuda is for one with an NVIDIA GPU. docs/install.md has the steps.
#
#   docker compose --profile cpu up --build
#
# On 0.0.0.0 people sign in: the first start prints a link that creates the administrator.
# A folder mounted at /data must be writable for uid 1000.
FROM python:3.11.13-slim-bookworm

# Chromium draws the figures of a bundle, with these fonts; tini passes signals on and collects ended processes.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends chromium fonts-liberation tini \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 nuwa && install -d -o nuwa -g nuwa /data /var/cache/nuwa
WORKDIR /app

# The package lists before the code, so that a change of the code does not install them again.
COPY requirements.txt requirements-harmony.txt requirements-postgresql.txt requirements-celery.txt constraints.txt ./
COPY scripts/install.sh scripts/
# TORCH_INDEX: the address of an index to take torch from, where the usual one is not reached.
ARG TORCH_INDEX=
ARG TORCH_BUILD=cpu
ENV PIP_NO_CACHE_DIR=1
RUN TORCH_BUILD="$TORCH_BUILD" TORCH_INDEX="$TORCH_INDEX" scripts/install.sh python requirements.txt requirements-harmony.txt requirements-celery.txt

COPY . .

ENV PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/var/cache/nuwa \
    NUWA_HOST=0.0.0.0 \
    NUWA_PORT=8050 \
    NUWA_DATA_DIR=/data

# By its number, which a host can compare with the owner of /data.
USER 1000
# A short training compiles what numba compiles, so that the first run on a server does not wait for it.
RUN python -m core train simulated --epochs 1 --out /tmp/compiled >/dev/null && rm -rf /tmp/compiled
VOLUME /data
EXPOSE 8050

# An empty ProxyHandler: hosts behind a proxy pass its address to containers, but /health is local.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import *; build_opener(ProxyHandler({})).open('http://127.0.0.1:8050/health', timeout=4)"]

ENTRYPOINT ["tini", "--"]
CMD ["python", "-m", "dashboard"]
