"""The one training loop, for any network and task.

A task gives batches, a loss and held-out measures. The run is seeded, writes its curve as JSON lines, and continues
from its own checkpoint exactly where it stopped: with a schedule in steps, an interrupted run and an uninterrupted one
take the same losses. With a time budget the schedule follows the clock where that is ahead, so the learning rate surely
reaches zero within the time.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from playground.errors import DamagedFile, InvalidRequest
from playground.training.optimizers import make_optimizers, rate

STATE, CURVE = "state.pt", "curve.jsonl"


class Task(Protocol):
    """What a network is trained on."""

    unit: str  # what progress counts: "tokens", "images"

    @property
    def units_per_step(self) -> int: ...

    def batch(self, step: int, done: float) -> Any:
        """A tensor, or anything else with ``to(device)``."""
        ...

    def loss(self, network: nn.Module, batch: Any) -> Tensor: ...

    def measure(self, network: nn.Module, device: torch.device) -> dict[str, float]: ...

    def state_dict(self) -> dict: ...

    def load_state_dict(self, state: dict) -> None: ...


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train.

    Attributes:
        steps: steps of the whole run. warmup: of them, with rising rate.
        constant: share of the run after which the rate falls to zero.
        muon_lr, adam_lr, weight_decay: see :func:`make_optimizers`.
        measure_every, log_every: steps between held-out measures and between lines of the curve.
        save_every: seconds between checkpoints.
    """

    steps: int
    warmup: int = 30
    constant: float = 0.6
    muon_lr: float = 0.02
    adam_lr: float = 4e-3
    weight_decay: float = 0.05
    clip: float = 1.0
    measure_every: int = 250
    log_every: int = 10
    save_every: float = 120.0

    def scaled(self, factor: float, steps: int | None = None) -> "Plan":
        """This plan with ``factor`` times its learning rates, and with another number of steps if one is given."""
        return replace(self, muon_lr=factor * self.muon_lr, adam_lr=factor * self.adam_lr, steps=steps or self.steps)

    def falling(self) -> "Plan":
        """This plan with a rate that falls all the way, as suits weights that have been trained before."""
        return replace(self, constant=0.0)


class Trainer:
    """Trains ``network`` on ``task`` after ``plan``; everything it writes goes to the folder ``out``.

    Args:
        minutes: time budget over all sessions of the run, or None for steps alone.
        compiled: use torch.compile where a compiler exists.
        stop_after: end this session after that many steps in all (the run stays unfinished and can be continued).
    """

    def __init__(
        self,
        network: nn.Module,
        task: Task,
        plan: Plan,
        out: Path,
        seed: int = 0,
        minutes: float | None = None,
        compiled: bool = False,
        stop_after: int | None = None,
        say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
    ):
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network, self.task, self.plan, self.out = network.to(self.device), task, plan, out
        self.seed, self.minutes, self.compiled, self.stop_after, self.say = seed, minutes, compiled, stop_after, say
        self.optimizers = make_optimizers(network, plan.muon_lr, plan.adam_lr, plan.weight_decay)
        self.step, self.elapsed = 0, 0.0
        out.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(seed)
        if (out / STATE).exists():
            self._resume()

    @property
    def units(self) -> int:
        """Tokens or images seen so far."""
        return self.step * self.task.units_per_step

    def done(self) -> float:
        """How much of the run lies behind, from 0 to 1, in steps or in time, whichever is ahead."""
        clock = self.elapsed / (60 * self.minutes) if self.minutes else 0.0
        return min(1.0, max(self.step / self.plan.steps, clock))

    def run(self) -> dict[str, float]:
        """Train to the end of the plan; return the last measures. A finished run only measures again."""
        loss_of = self._loss_function()
        last_save, since = time.monotonic(), time.monotonic()
        losses: list[Tensor] = []
        first, before = self.step, self.elapsed
        while self.done() < 1.0 and self.step != self.stop_after:
            losses.append(self._train_step(loss_of, rate(self.step, self.done(), self.plan.warmup, self.plan.constant)))
            self.step += 1
            self.elapsed = before + time.monotonic() - since
            if self.step % self.plan.log_every == 0:
                measures = self.measure() if self.step % self.plan.measure_every == 0 else {}
                self._log(torch.stack(losses).mean().item(), measures, first, before)
                losses = []
            if time.monotonic() - last_save > self.plan.save_every:
                self.save()
                last_save = time.monotonic()
        measures = self.measure()
        if losses:
            self._log(torch.stack(losses).mean().item(), measures, first, before)
        self.save()
        return measures

    def measure(self) -> dict[str, float]:
        self.network.eval()
        with self._autocast():
            measures = self.task.measure(self.network, self.device)
        self.network.train()
        return measures

    def _train_step(self, loss_of: Callable[[Any], Tensor], factor: float) -> Tensor:
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * factor
        batch = self.task.batch(self.step, self.done()).to(self.device, non_blocking=True)
        with self._autocast():
            loss = loss_of(batch)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.plan.clip)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return loss.detach()

    def _autocast(self) -> contextlib.AbstractContextManager:
        quick = self.device.type == "cuda" or torch.cpu.get_capabilities().get("avx512_bf16", False)
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=quick)

    def _loss_function(self) -> Callable[[Any], Tensor]:
        """The task's loss, compiled if asked and possible."""

        def plain(batch: Any) -> Tensor:
            return self.task.loss(self.network, batch)

        if not self.compiled:
            return plain
        compiled = torch.compile(plain, dynamic=False)
        self.say("Compiling, which takes up to a minute …")
        try:
            position = self.task.state_dict()
            with self._autocast():
                compiled(self.task.batch(self.step, self.done()).to(self.device)).backward()
            self.task.load_state_dict(position)
            self.network.zero_grad(set_to_none=True)
        except Exception as error:  # inductor raises many kinds when there is no working C++ compiler
            self.task.load_state_dict(position)
            self.network.zero_grad(set_to_none=True)
            reason = str(error).strip().split("\n")[0][:200]
            self.say(f"torch.compile does not work here ({reason}); going on without it. It needs a C++ compiler.")
            return plain
        return compiled

    def _log(self, loss: float, measures: dict[str, float], first: int, before: float) -> None:
        line = {
            "step": self.step,
            "loss": round(loss, 4),
            "lr": float(f"{self.optimizers[0].param_groups[0]['lr']:.4g}"),
            self.task.unit: self.units,
            "seconds": round(self.elapsed, 1),
            **{name: round(value, 4) for name, value in measures.items()},
        }
        with open(self.out / CURVE, "a", encoding="utf-8") as curve:
            curve.write(json.dumps(line) + "\n")
        speed = (self.step - first) / max(1e-9, self.elapsed - before)
        left = (self.plan.steps - self.step) / speed
        if self.minutes:
            left = min(left, max(0.0, 60 * self.minutes - self.elapsed))
        shown = " ".join(f"{name.removeprefix('bits_per_byte/')} {value:.3f}" for name, value in measures.items())
        self.say(
            f"step {self.step:,} · loss {loss:.3f} · {speed * self.task.units_per_step:,.0f} {self.task.unit}/s · "
            f"{left / 60:.1f} min left{' · ' + shown if shown else ''}"
        )

    def _cut_curve(self) -> None:
        """Drop what an interrupted session logged after its last checkpoint; those steps are taken again."""
        path = self.out / CURVE
        if path.exists():
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            path.write_text("".join(line for line in lines if json.loads(line)["step"] <= self.step), encoding="utf-8")

    def save(self) -> None:
        """Write the run's state, all or nothing."""
        state: dict[str, Any] = {
            "step": self.step,
            "elapsed": self.elapsed,
            "seed": self.seed,
            "network": self.network.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "task": self.task.state_dict(),
            "rng": torch.get_rng_state(),
        }
        unfinished = self.out / (STATE + ".new")
        torch.save(state, unfinished)
        os.replace(unfinished, self.out / STATE)

    def _resume(self) -> None:
        try:
            state = torch.load(self.out / STATE, map_location=self.device, weights_only=True)
        except Exception as error:  # torch.load raises many kinds for a damaged file
            raise DamagedFile(f"{self.out / STATE} cannot be read. Delete it to start again.") from error
        if state["seed"] != self.seed:
            raise InvalidRequest(
                f"The run in {self.out} has seed {state['seed']}, not {self.seed}. Give that seed, or another --out."
            )
        try:
            self.network.load_state_dict(state["network"])
        except RuntimeError as error:
            raise InvalidRequest(f"The run in {self.out} is of another network. Give another --out.") from error
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            peaks = [group["peak"] for group in optimizer.param_groups]
            optimizer.load_state_dict(saved)
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["peak"] = peak  # of the plan as it is now, which may have changed
        self.task.load_state_dict(state["task"])
        torch.set_rng_state(state["rng"].cpu())
        self.step, self.elapsed = state["step"], state["elapsed"]
        self._cut_curve()
        self.say(f"Continuing at step {self.step:,}, {self.elapsed / 60:.1f} minutes in.")
