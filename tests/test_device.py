"""The device of a run, and the memory that a process may use."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from core import device as devices
from core.errors import UserError


def test_held_memory_is_that_of_all_processes_of_a_run():
    before, held = devices.held_memory(), "x = bytearray(200_000_000); x[:] = b'1' * len(x); print(); input()"
    words = [sys.executable, "-c", held]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        both = devices.held_memory()
        process.communicate(b"\n")
    assert both - before == pytest.approx(200e6, rel=0.2)


def made(cuda="12.8", available=True, capability=(9, 0), built=("sm_80", "sm_90")):
    """A torch with as much of CUDA as a choice looks at."""
    return SimpleNamespace(
        version=SimpleNamespace(cuda=cuda),
        cuda=SimpleNamespace(
            is_available=lambda: available,
            get_device_name=lambda _: "NVIDIA H200",
            get_device_capability=lambda _: capability,
            get_arch_list=lambda: list(built),
        ),
        get_num_threads=lambda: 1,
    )


@pytest.mark.parametrize(
    ("torch_", "kind", "why"),
    [
        (made(), "cuda", "NVIDIA H200 is used because torch sees a CUDA GPU."),
        (made(cuda=None), "cpu", "The CPU is used: this build of torch is for the CPU only."),
        (made(available=False), "cpu", "but sees no GPU; check the driver"),
        (
            made(capability=(6, 1)),
            "cpu",
            "torch sees NVIDIA H200, but was not built for its generation (6.1).",
        ),
        (made(capability=(8, 9)), "cuda", "NVIDIA H200 is used"),
        (made(capability=(10, 0)), "cpu", "was not built for its generation (10.0)"),
        (made(capability=(10, 0), built=("sm_90a", "compute_90")), "cuda", "NVIDIA H200 is used"),
    ],
)
def test_the_device_is_chosen_and_the_reason_said(monkeypatch, tmp_path, torch_, kind, why):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(devices, "ROOT", tmp_path)
    monkeypatch.setitem(sys.modules, "torch", torch_)
    chosen = devices.choose()
    assert chosen.kind == kind and why in chosen.why
    assert devices.choose("cpu").why == "The CPU is used because it was asked for."


def test_a_driver_without_a_torch_for_cuda_is_named(monkeypatch, tmp_path):
    (tmp_path / "proc/driver/nvidia").mkdir(parents=True)
    (tmp_path / "proc/driver/nvidia/version").touch()
    monkeypatch.setattr(devices, "ROOT", tmp_path)
    monkeypatch.setitem(sys.modules, "torch", made(cuda=None))
    assert "there is an NVIDIA driver, but this build of torch" in devices.choose().why


def test_without_a_driver_there_is_no_gpu_memory_and_torch_is_not_loaded(monkeypatch):
    monkeypatch.setattr(devices, "_has_cuda_driver", lambda: False)
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it raises ImportError
    assert devices.gpu_memory() is None


def test_the_memory_of_a_gpu_is_all_that_it_has(monkeypatch):
    monkeypatch.setattr(devices, "_has_cuda_driver", lambda: True)
    gpu = made()
    gpu.cuda.mem_get_info = lambda index: (5, 80)
    monkeypatch.setitem(sys.modules, "torch", gpu)
    assert devices.gpu_memory() == 80
    monkeypatch.setitem(sys.modules, "torch", made(available=False))
    assert devices.gpu_memory() is None


def group(folder, limit, used, idle, names):
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in zip(names, (limit, used), strict=False):
        (folder / name).write_text(f"{value}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {idle}\n")


VERSION_2 = ("memory.max", "memory.current", "inactive_file")


VERSION_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


@pytest.mark.parametrize(
    ("line", "top", "names"),
    [("0::{}", "sys/fs/cgroup", VERSION_2), ("4:cpu,memory:{}", "sys/fs/cgroup/memory", VERSION_1)],
)
@pytest.mark.parametrize("path", ["/docker/abc", "/seen/from/outside"])
def test_the_memory_of_a_container_is_what_its_limit_leaves(monkeypatch, tmp_path, line, top, names, path):
    monkeypatch.setattr(devices, "ROOT", tmp_path)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(f"3:cpuset:/x\n{line.format(path)}\n")
    group(tmp_path / top, "max", 0, 0, names)
    assert devices.free_memory() > 1e8  # the machine's own, where there is no limit
    group(tmp_path / top, 7000, 4000, 1000, names)
    assert devices.free_memory() == 4000
    group(tmp_path / top / "docker/abc", 3000, 2500, 0, names)
    assert devices.free_memory() == (500 if path == "/docker/abc" else 4000)


def test_without_control_groups_the_memory_is_that_of_the_machine(monkeypatch, tmp_path):
    monkeypatch.setattr(devices, "ROOT", tmp_path)
    assert list(devices._limits()) == [] and devices.free_memory() > 1e8


def test_the_cpu_is_chosen_in_words():
    chosen = devices.choose("cpu")
    assert chosen.kind == "cpu" and "asked for" in chosen.why and chosen.threads >= 1
    assert devices.choose("auto").kind == ("cuda" if torch.cuda.is_available() else "cpu")


def test_a_missing_gpu_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="No GPU can be used.*'auto' or 'cpu'"):
        devices.choose("cuda")
