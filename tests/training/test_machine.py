"""What of the machine is in use, with the real psutil and a made module of the NVIDIA driver."""

import sys
from types import SimpleNamespace

import pytest

from core.training import machine
from core.training.machine import Machine, Usage


class Nvml(SimpleNamespace):
    """A stand-in for pynvml: two GPUs, of which the driver tells what `tells` has."""

    class NVMLError(Exception):
        pass

    def __init__(self, driver=True, tells=("use", "memory")):
        super().__init__(driver=driver, tells=tells)

    def _need(self, there):
        if not there:
            raise self.NVMLError

    def nvmlInit(self):
        self._need(self.driver)

    def nvmlDeviceGetHandleByIndex(self, index):
        return index

    def nvmlDeviceGetUtilizationRates(self, handle):
        self._need("use" in self.tells)
        return SimpleNamespace(gpu=73 + handle)

    def nvmlDeviceGetMemoryInfo(self, handle):
        self._need("memory" in self.tells)
        return SimpleNamespace(used=12_345_678_901)


def usage(monkeypatch, nvml):
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    return Machine().usage()


def test_cores_and_memory_are_within_what_the_machine_has(monkeypatch):
    of_machine = usage(monkeypatch, Nvml(driver=False))
    assert 0 <= of_machine.cpu_percent <= 100
    assert 0 < of_machine.memory_gb <= machine.devices.memory() / 1e9


@pytest.mark.parametrize(
    "nvml, expected",
    [
        (Nvml(driver=False), (None, None)),
        (None, (None, None)),  # the package is not installed
        (Nvml(), (73.0, 12.346)),
        (Nvml(tells=("memory",)), (None, 12.346)),  # a part of a GPU
        (Nvml(tells=()), (None, None)),
    ],
)
def test_a_gpu_tells_its_use_and_memory_where_there_is_a_driver(monkeypatch, nvml, expected):
    assert usage(monkeypatch, nvml)[2:] == expected


def test_two_short_epochs_share_one_look(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    now = [100.0]
    monkeypatch.setattr(machine.time, "monotonic", lambda: now[0])
    one = Machine()
    first = one.usage()
    now[0] += machine.BETWEEN / 2
    assert one.usage() is first
    now[0] += machine.BETWEEN
    assert one.usage() is not first and isinstance(one.usage(), Usage)
