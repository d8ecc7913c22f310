"""Where a model's weights are: in the machine's memory, or on its GPU."""

import torch

from playground.checkpoints.memory import default_budget
from playground.errors import InvalidRequest

CPU = torch.device("cpu")
SHARE = 0.6  # of a GPU's free memory: the rest is for caches, activations and captured steps


def device_of(choice: str | None) -> torch.device:
    """The device that "cpu", "cuda" or "auto" (the GPU if there is one) means; None means "cpu".

    Raises:
        InvalidRequest: another word, or a GPU that is not there.
    """
    if choice not in (None, "cpu", "cuda", "auto"):
        raise InvalidRequest(f"device is {choice!r:.40}; it must be cpu, cuda or auto.")
    if choice in (None, "cpu") or (choice == "auto" and not torch.cuda.is_available()):
        return CPU
    if not torch.cuda.is_available():
        raise InvalidRequest(
            "device is cuda, but torch finds no NVIDIA GPU here. Install a torch built for CUDA, or choose cpu."
        )
    return torch.device("cuda", torch.cuda.current_device())


def room_on(device: torch.device) -> int:
    """Bytes that models on ``device`` may take together."""
    return int(SHARE * torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else default_budget()


def device_name(device: torch.device) -> str:
    """What a card calls the device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "the processor"
