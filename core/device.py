"""Which device a run uses and why, in words, and how much memory it finds there."""

import ctypes
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from core.errors import UserError

ROOT = Path("/")  # of the file system with the files of drivers and memory limits


class Device(NamedTuple):
    """`kind` is "cpu" or "cuda", `name` is for people, `why` is a sentence, `threads` is the number of CPU threads."""

    kind: str
    name: str
    why: str
    threads: int


def choose(wanted="auto"):
    """The Device for `wanted` ("auto", "cpu" or "cuda"); raises UserError if a GPU is requested and cannot be used."""
    import torch

    threads = torch.get_num_threads()
    cpu = Device("cpu", f"CPU, {threads} of {n_cores()} cores", "", threads)
    if wanted == "cpu":
        return cpu._replace(why="The CPU is used because it was asked for.")
    if obstacle := _why_no_gpu(torch):
        if wanted == "cuda":
            raise UserError(f"No GPU can be used: {obstacle} Choose the device 'auto' or 'cpu'.")
        return cpu._replace(why=f"The CPU is used: {obstacle}")
    name = torch.cuda.get_device_name(0)
    return Device("cuda", name, f"{name} is used because torch sees a CUDA GPU.", threads)


def n_cores():
    """The number of cores that this process may use; in a container it may be fewer than the machine has."""
    return len(os.sched_getaffinity(0))


def _why_no_gpu(torch):
    """Why no GPU can be used, as a sentence; "" if one can."""
    if torch.version.cuda is None:
        if (ROOT / "proc/driver/nvidia/version").exists():
            return "there is an NVIDIA driver, but this build of torch is for the CPU only; install torch for CUDA."
        return "this build of torch is for the CPU only."
    if not torch.cuda.is_available():
        if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
            return "CUDA_VISIBLE_DEVICES hides every GPU."
        return "torch is built for CUDA but sees no GPU; check the driver, and --gpus all under docker."
    generation = torch.cuda.get_device_capability(0)
    if not _made_for(generation, torch.cuda.get_arch_list()):
        name = "{}.{}".format(*generation)
        return f"torch sees {torch.cuda.get_device_name(0)}, but was not built for its generation ({name})."
    return ""


def _made_for(generation, built):
    """Can code built for these architectures ("sm_80", "compute_90") run on a GPU of this (major, minor)?

    Machine code (sm) runs on the same major generation from its minor one; compute code is compiled on any later GPU.
    """
    for text in built:
        kind, _, number = text.partition("_")
        number = "".join(filter(str.isdigit, number))  # sm_90a
        made = int(number[:-1]), int(number[-1])
        if made <= generation and (kind == "compute" or made[0] == generation[0]):
            return True
    return not built


def settle(kind):
    """Allow TF32 for products on a GPU in this process: ten bits of each factor, sums in float32."""
    if kind == "cuda":
        import torch

        torch.set_float32_matmul_precision("high")


@contextmanager
def full_precision():
    """A context in which products on a GPU keep all bits of float32, for sums with much cancellation."""
    import torch

    allowed = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(allowed)


def synchronise(kind):
    """Wait until the device has finished, so that a clock measures its work."""
    if kind == "cuda":
        import torch

        torch.cuda.synchronize()


def free_memory():
    """Bytes of free main memory: of the machine, or fewer in a container with a limit."""
    left = [limit - used for limit, used in _limits()]
    return max(0, min([psutil.virtual_memory().available, *left]))


def held_memory(pid=None):
    """Bytes used by a process (None: this one) and its children; shared memory counts proportionally (PSS)."""
    parent, held = psutil.Process(pid), 0
    for process in (parent, *parent.children(recursive=True)):
        with suppress(psutil.Error):  # it has ended in the meantime
            held += process.memory_full_info().pss
    return held


def memory():
    """Bytes of main memory: of the machine, or fewer in a container with a limit."""
    return min([psutil.virtual_memory().total, *(limit for limit, _ in _limits())])


def gpu_memory():
    """Bytes of memory, in all, of the GPU that runs use; None without one. Without a driver torch is not loaded."""
    if not _has_cuda_driver():
        return None
    import torch

    return torch.cuda.mem_get_info(0)[1] if torch.cuda.is_available() else None


def _has_cuda_driver():
    """Whether the library of the NVIDIA driver is installed, without which torch sees no GPU."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def free_on_gpu():
    """Free bytes on the GPU that runs use."""
    import torch

    return torch.cuda.mem_get_info(0)[0]


def _limits():
    """(bytes allowed, bytes used) of each memory limit of this process: control groups, version 2 or 1.

    The inactive file cache counts as used there but is freed when memory is short, so it is subtracted.
    """
    with suppress(OSError):
        for line in (ROOT / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            top = ROOT / "sys/fs/cgroup"
            names = ("memory.max", "memory.current", "inactive_file")
            if "memory" in controllers.split(","):
                top = top / "memory"
                names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            elif controllers:
                continue
            group = top / path.strip(
                "/"
            )  # inside a container this may be its path outside, which does not exist
            for place in (group, *group.parents):
                if place.is_relative_to(top):
                    with suppress(OSError, ValueError):  # no such file; "max" is no limit
                        yield _limit(place, *names)


def _limit(group, limit, used, idle):
    facts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    spent = int((group / used).read_text()) - int(facts.get(idle, 0))
    return int((group / limit).read_text()), spent
