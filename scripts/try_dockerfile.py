"""Carry out the steps of a Dockerfile without a container engine, in a new Debian below a folder, and start the result.

    sudo .venv/bin/python scripts/try_dockerfile.py [Dockerfile]

It needs debootstrap, root, a network and 6 GB. In place of the base image stands Debian bookworm with its Python 3.11.
What it cannot show: layers and their sizes, limits of memory and rights (--cap-drop), volumes, HEALTHCHECK as an engine
runs it, and GPUs.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = "python3,python3-pip,python3-venv,ca-certificates"
TRUST = ("/etc/ssl/certs/ca-certificates.crt",)
PASSED_ON = (
    "PIP_",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
)
STARTS = 180  # seconds until /health answers
ENDS = 10  # seconds for SIGTERM: docker kills after that


def steps(text):
    """[(instruction, argument)] of a Dockerfile."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [tuple(line.split(" ", 1)) for line in joined.splitlines() if line.strip()]


class Image:
    """A folder that stands for an image, and what its steps have set so far."""

    def __init__(self, folder):
        self.folder, self.user, self.cwd = folder, "root", "/"
        self.env = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
        self.env["PATH"] = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        self.shown = {}

    def make(self):
        """A new Debian with Python, and the package settings of this machine."""
        release = "bookworm"
        uris = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)"], capture_output=True, text=True
        ).stdout.split("\n")
        mirror = next(line.split()[0] for line in uris if line.endswith(f" {release}"))
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", release, self.folder, mirror)
        for path in ("/etc/resolv.conf", "/etc/hosts", "/etc/apt/sources.list", *TRUST):
            if Path(path).exists():
                shutil.copy(path, self.folder / path[1:])
        for path in ("/etc/apt/sources.list.d", "/etc/apt/apt.conf.d"):
            shutil.copytree(path, self.folder / path[1:], dirs_exist_ok=True)
        for path in (Path("/usr/lib/python3.11/EXTERNALLY-MANAGED"),):  # the base image has no such file
            (self.folder / str(path)[1:]).unlink(missing_ok=True)
        (self.folder / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        for path in ("proc", "dev", "sys"):
            run("mount", "--bind", f"/{path}", self.folder / path)
        for path in (Path("/etc/pip.conf"), Path.home() / ".config/pip/pip.conf"):
            if path.exists():
                shutil.copy(path, self.folder / "etc/pip.conf")
                self.share(path.read_text())
        self.share(os.environ.get("PIP_FIND_LINKS", ""))

    def share(self, text):
        """Let the folders of packages that a text names be there as well."""
        for name in set(re.findall(r"(?:file://|[= ]|^)(/opt/[\w-]+)", text)):
            if Path(name).is_dir() and not os.path.ismount(self.folder / name[1:]):
                (self.folder / name[1:]).mkdir(parents=True, exist_ok=True)
                run("mount", "--bind", name, self.folder / name[1:])

    def close(self):
        """Unmount what was mounted, and remove the folder."""
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for path in sorted((m for m in mounts if m.startswith(f"{self.folder}/")), reverse=True):
            run("umount", "-l", path)
        mounts = Path("/proc/mounts").read_text()
        if f" {self.folder}/" not in mounts:
            run("rm", "-rf", "--one-file-system", self.folder)

    def words(self, command):
        env = [f"{name}={value}" for name, value in (self.env | {"HOME": self.home()}).items()]
        inside = f"cd {shlex.quote(self.cwd)} && exec {shlex.join(command)}"
        user = "root:root" if self.user == "root" else f"{self.user}:{self.user}"
        return [
            "chroot",
            f"--userspec={user}",
            self.folder,
            "/usr/bin/env",
            "-i",
            *env,
            "/bin/sh",
            "-c",
            inside,
        ]

    def home(self):
        """The folder of the account, as an engine looks it up."""
        lines = [line.split(":") for line in (self.folder / "etc/passwd").read_text().splitlines()]
        return next(line[5] for line in lines if self.user in (line[0], line[2]))

    def step(self, instruction, argument):
        began = time.monotonic()
        if instruction == "RUN":
            run(*self.words(["/bin/sh", "-c", argument]))
        elif instruction == "ENV":
            self.env |= dict(re.findall(r"(\w+)=(\S*)", argument))
        elif instruction == "ARG":
            name, _, value = argument.partition("=")
            self.env.setdefault(name, os.environ.get(name, value))
        elif instruction == "WORKDIR":
            self.cwd = argument
            (self.folder / argument[1:]).mkdir(parents=True, exist_ok=True)
        elif instruction == "USER":
            self.user = argument
        elif instruction == "COPY":
            self.copy(*argument.split())
        else:  # FROM, VOLUME, EXPOSE, HEALTHCHECK, ENTRYPOINT, CMD
            self.shown[instruction] = argument
        print(f"{time.monotonic() - began:6.1f} s  {instruction} {argument[:90]}", flush=True)

    def copy(self, *paths):
        *sources, to = paths
        lines = (ROOT / ".dockerignore").read_text().splitlines()
        let_in = [line[1:] for line in lines if line.startswith("!")]
        left_out = [line.removeprefix("**/") for line in lines if line.startswith("**/")]
        known = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
        for name in known.stdout.splitlines():
            is_let_in = any(name == one or name.startswith(f"{one}/") for one in let_in)
            if not is_let_in or any(fnmatch.fnmatch(Path(name).name, one) for one in left_out):
                continue
            if sources == ["."] or name in sources:
                inside = name if sources == ["."] else Path(name).name
                target = self.folder / self.cwd[1:] / to / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, target)

    def start(self):
        """Seconds until /health answers and until SIGTERM has ended the page; raises where either fails."""
        command = json.loads(self.shown["ENTRYPOINT"]) + json.loads(self.shown["CMD"])
        self.env["NUWA_PORT"] = "18050"  # the network is that of this machine
        began = time.monotonic()
        page = subprocess.Popen(self.words(command))
        check = json.loads(self.shown["HEALTHCHECK"].partition("CMD ")[2])
        check = [word.replace("8050", "18050") for word in check]
        while subprocess.run(self.words(check), stderr=subprocess.DEVNULL).returncode:
            if page.poll() is not None or time.monotonic() - began > STARTS:
                raise SystemExit("The page did not start.")
            time.sleep(0.5)
        print(f"{time.monotonic() - began:6.1f} s  until HEALTHCHECK succeeds", flush=True)
        time.sleep(5)
        began = time.monotonic()
        page.terminate()
        code = page.wait(60)
        print(f"{time.monotonic() - began:6.1f} s  from SIGTERM to the end, exit code {code}", flush=True)
        owner = (self.folder / "data/nuwa.sqlite").stat().st_uid
        if owner != 1000 or time.monotonic() - began > ENDS:
            raise SystemExit(f"The data belong to uid {owner}, or the end took too long.")


def run(*command):
    subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL)


def main(name="Dockerfile"):
    image = Image(Path(tempfile.mkdtemp(prefix="nuwa-image-")))
    image.folder.chmod(0o755)
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that nothing stays mounted
    try:
        image.make()
        print(f"{time.monotonic() - began:6.1f} s  a new Debian in the place of the base image", flush=True)
        for instruction, argument in steps((ROOT / name).read_text()):
            image.step(instruction, argument)
        size = subprocess.run(["du", "-sxm", image.folder], capture_output=True, text=True).stdout.split()[0]
        print(f"{size} MB in the folder", flush=True)
        image.start()
        print(f"{name}: done in {time.monotonic() - began:.0f} s.")
    finally:
        image.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
