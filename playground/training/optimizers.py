"""Muon for hidden matrices, AdamW for everything else, and the schedule of their learning rates."""

import torch
from torch import nn


def make_optimizers(
    network: nn.Module, muon_lr: float, adam_lr: float, weight_decay: float
) -> list[torch.optim.Optimizer]:
    """Muon (Jordan 2024) on the 2-D weights inside the network; AdamW on embeddings, heads, norms and biases.

    Each group remembers its peak learning rate as ``peak``.
    """
    tables = {id(p) for m in network.modules() if isinstance(m, nn.Embedding) for p in m.parameters(recurse=False)}
    tables |= {id(p) for name, p in network.named_parameters() if "head" in name.split(".")}
    matrices = [p for p in network.parameters() if p.ndim == 2 and id(p) not in tables]
    others = [p for p in network.parameters() if p.ndim != 2 or id(p) in tables]
    optimizers: list[torch.optim.Optimizer] = []
    if matrices:
        optimizers.append(torch.optim.Muon(matrices, lr=muon_lr, momentum=0.95, weight_decay=weight_decay))
    if others:
        optimizers.append(torch.optim.AdamW(others, lr=adam_lr, betas=(0.9, 0.95), weight_decay=0.0))
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return optimizers


def rate(step: int, done: float, warmup: int, constant: float = 0.6) -> float:
    """The learning rate's share of its peak: ``warmup`` linear steps, constant, then linear to zero.

    ``done`` (0 to 1) is how much of the run, in steps or in time, lies behind; the fall starts at ``constant``.
    """
    rise = min(1.0, (step + 1) / max(1, warmup))
    return rise * min(1.0, max(0.0, (1.0 - done) / (1.0 - constant)))
