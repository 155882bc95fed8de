"""Which device a run uses, and why, in words."""

import os
from typing import NamedTuple

from core.errors import UserError


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
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise UserError(f"No GPU can be used: {_why_no_gpu(torch)} Choose the device 'auto' or 'cpu'.")
    if available and wanted != "cpu":
        name = torch.cuda.get_device_name(0)
        return Device("cuda", name, f"{name} is used because torch sees a CUDA GPU.", threads)
    reason = (
        "The CPU is used because it was asked for."
        if wanted == "cpu"
        else f"The CPU is used: {_why_no_gpu(torch)}"
    )
    return Device("cpu", f"CPU, {threads} of {os.cpu_count()} cores", reason, threads)


def _why_no_gpu(torch):
    if torch.version.cuda is None:
        return "this build of torch is for the CPU only."
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return "CUDA_VISIBLE_DEVICES hides every GPU."
    return "torch is built for CUDA but sees no GPU; check the driver, and --gpus all under docker."
