"""How much of the machine is in use while a run trains: its cores, its memory, its GPU."""

import time
from contextlib import suppress
from typing import NamedTuple

import psutil

from core import device as devices

BETWEEN = 0.25  # seconds between two looks, so that short epochs do not wait for them; psutil asks for 0.1
GB = 1e9


class Usage(NamedTuple):
    """What is in use, in per cent and 10^9 bytes; None where it is not known."""

    cpu_percent: float | None = None  # of all cores of the machine
    memory_gb: float | None = None  # of the machine, or of the container with a limit
    gpu_percent: float | None = None  # share of the time in which the GPU works
    gpu_memory_gb: float | None = None


class Machine:
    """Looks at the machine that a run trains on, and at the GPU that it uses (else the first one)."""

    def __init__(self, kind="cpu"):
        """`kind`: the device of the run, "cpu" or "cuda"."""
        self._gpu, self._last, self._since = _Gpu.of(kind), None, 0.0
        psutil.cpu_percent()  # the next call tells of the time since this one

    def usage(self):
        """The Usage now, or that of the last look where it was a moment ago."""
        now = time.monotonic()
        if self._last is None or now - self._since >= BETWEEN:
            used = (devices.memory() - devices.free_memory()) / GB
            gpu = self._gpu.usage() if self._gpu else (None, None)
            self._last = Usage(psutil.cpu_percent(), round(max(used, 0.0), 3), *gpu)
            self._since = now
        return self._last


class _Gpu:
    """One NVIDIA GPU, read through its driver (nvidia-ml-py); torch is not needed."""

    def __init__(self, nvml, handle):
        self._nvml, self._handle = nvml, handle

    @classmethod
    def of(cls, kind):
        """The GPU that torch uses, else the first one; None without a driver."""
        try:
            import pynvml
        except ImportError:
            return None
        try:
            pynvml.nvmlInit()
            if kind == "cuda":
                import torch

                uuid = f"GPU-{torch.cuda.get_device_properties(0).uuid}"
                with suppress(pynvml.NVMLError):  # the driver counts GPUs that CUDA_VISIBLE_DEVICES hides
                    return cls(pynvml, pynvml.nvmlDeviceGetHandleByUUID(uuid))
            return cls(pynvml, pynvml.nvmlDeviceGetHandleByIndex(0))
        except pynvml.NVMLError:  # no driver, or no GPU
            return None

    def usage(self):
        """(per cent, 10^9 bytes), each None where this GPU does not tell it."""
        percent = used = None
        with suppress(self._nvml.NVMLError):  # a part of a GPU (MIG) has no such number
            percent = float(self._nvml.nvmlDeviceGetUtilizationRates(self._handle).gpu)
        with suppress(self._nvml.NVMLError):
            used = round(self._nvml.nvmlDeviceGetMemoryInfo(self._handle).used / GB, 3)
        return percent, used
