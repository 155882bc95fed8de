"""Which device a run uses and why, in words, and how much memory it finds there."""

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from core.errors import UserError

ROOT = Path("/")  # of the file system that tells of drivers and limits


class Device(NamedTuple):
    """`kind` is "cpu" or "cuda", `name` what it is called, `why` one sentence, `threads` what the CPU part uses."""

    kind: str
    name: str
    why: str
    threads: int


def choose(wanted="auto"):
    """The Device for `wanted` ("auto", "cpu" or "cuda"); raises UserError where a GPU is asked for and not there."""
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
    """The cores that this process may use, which a container may have fewer of than its machine."""
    return len(os.sched_getaffinity(0))


def _why_no_gpu(torch):
    """What stands in the way of a GPU, in words; empty where nothing does."""
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

    Machine code (sm) runs on its own major generation from its minor one on; compute is compiled on any later GPU.
    """
    for text in built:
        kind, _, number = text.partition("_")
        number = "".join(filter(str.isdigit, number))  # sm_90a
        made = int(number[:-1]), int(number[-1])
        if made <= generation and (kind == "compute" or made[0] == generation[0]):
            return True
    return not built


def settle(kind):
    """Let products on a GPU take TF32 where it has it: ten bits of each factor, sums in float32. Of this process."""
    if kind == "cuda":
        import torch

        torch.set_float32_matmul_precision("high")


@contextmanager
def full_precision():
    """Within it products on a GPU keep all bits of float32, whatever `settle` allows, for sums in which much cancels."""
    import torch

    allowed = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(allowed)


def synchronise(kind):
    """Wait until the device has done what it was given: only then does a clock tell what that took."""
    if kind == "cuda":
        import torch

        torch.cuda.synchronize()


def free_memory():
    """Bytes of main memory that are left: what the machine has, or less where a container is limited."""
    left = [limit - used for limit, used in _limits()]
    return max(0, min([psutil.virtual_memory().available, *left]))


def held_memory(pid=None):
    """Bytes that a process (None: this one) and those that it has started hold; what is shared counts in shares (PSS)."""
    parent, held = psutil.Process(pid), 0
    for process in (parent, *parent.children(recursive=True)):
        with suppress(psutil.Error):  # it has ended meanwhile
            held += process.memory_full_info().pss
    return held


def memory():
    """Bytes of main memory that there are: those of the machine, or fewer where a container is limited."""
    return min([psutil.virtual_memory().total, *(limit for limit, _ in _limits())])


def free_on_gpu():
    """Bytes that are free on the GPU that runs use."""
    import torch

    return torch.cuda.mem_get_info(0)[0]


def _limits():
    """(bytes allowed, bytes used) of each memory limit that this process is under: control groups, of version 2 or 1.

    Pages of files that nobody reads at the moment count as used there, and are given up when memory gets short.
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
            group = top / path.strip("/")  # inside a container it may be named from outside, and not be there
            for place in (group, *group.parents):
                if place.is_relative_to(top):
                    with suppress(OSError, ValueError):  # no such place; "max" is no limit
                        yield _limit(place, *names)


def _limit(group, limit, used, idle):
    facts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    spent = int((group / used).read_text()) - int(facts.get(idle, 0))
    return int((group / limit).read_text()), spent
