"""Where weights are put: what the words mean; tests/engine/test_devices.py has models that are somewhere else."""

import pytest
import torch

from playground.checkpoints import devices
from playground.checkpoints.devices import device_name, device_of, room_on
from playground.checkpoints.memory import default_budget
from playground.errors import InvalidRequest

CPU = torch.device("cpu")


@pytest.fixture
def gpu(monkeypatch):
    """A GPU that torch tells of, and no more."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (10_000, 40_000))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Test GPU {device.index}")


def test_what_the_words_mean_with_a_gpu(gpu):
    there = torch.device("cuda", 1)
    assert [device_of(word) for word in (None, "cpu", "cuda", "auto")] == [CPU, CPU, there, there]
    assert room_on(there) == 6_000
    assert device_name(there) == "Test GPU 1"


def test_what_the_words_mean_without_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(devices, "default_budget", lambda: 77)
    assert [device_of(word) for word in (None, "cpu", "auto")] == [CPU] * 3
    assert room_on(CPU) == 77
    assert device_name(CPU) == "the processor"
    with pytest.raises(InvalidRequest, match="no NVIDIA GPU here"):
        device_of("cuda")
    with pytest.raises(InvalidRequest, match="device is 'tpu'; it must be cpu, cuda or auto"):
        device_of("tpu")
    assert default_budget() > 0
