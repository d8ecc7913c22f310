"""The search for steering presets: rank by what senses say, try with few samples, confirm with new seeds.

Per topic and kind of edit, the levers are sampled in order of promise, a rung up or down as the text suggests. The
first that reaches the goals so, and again in two full measures with seeds that it was not chosen on, is the find; the
reported figures are those of the two.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from playground.errors import InvalidRequest
from playground.evaluation.steering.goals import Goals, merit, summary
from playground.evaluation.steering.levers import Lever, levers_for
from playground.evaluation.steering.measure import Samples, Steering, compare, draw
from playground.evaluation.steering.topics import TopicPlan
from playground.generation.options import SamplingOptions
from playground.senses.edit_documents import REQUIRED, read_edits
from playground.senses.presets import Preset

OPTIONS = SamplingOptions(max_new_tokens=80, temperature=0.8, top_p=0.95)
HOPELESS = 1.5  # the ratio of a trial below which a lever is left
CONFIRMATIONS, STRIDE = 2, 1_000  # runs on new seeds, and how far apart the seeds of two runs lie


@dataclass(frozen=True)
class Effort:
    """How much to try per topic.

    Attributes:
        labels: of the topic's mentions, how many to edit.
        levers: how many of each kind of edit to try.
        walk: how many rungs to try of each.
        finalists: how many of each kind to measure in full, at most.
        trial, samples: texts of a trial, and of a full measure.
    """

    labels: int = 3
    levers: int = 4
    walk: int = 4
    finalists: int = 2
    trial: int = 16
    samples: int = 50


@dataclass(frozen=True)
class Trial:
    """A lever's rung and what it did."""

    lever: Lever
    rung: int
    steering: Steering

    @property
    def merit(self) -> float:
        return merit(self.steering)


@dataclass(frozen=True)
class Found:
    """A lever's rung that meets the goals, and what it does with seeds that it was not chosen on."""

    plan: TopicPlan
    lever: Lever
    rung: int
    runs: tuple[Steering, ...]

    def preset(self, options: SamplingOptions, reference: str) -> Preset:
        """The preset of this find; its id joins the topic and the kind of edit."""
        return Preset(
            id=f"{self.plan.id}-{self.lever.kind.partition('_')[0]}",
            title=self.plan.title,
            watch=self.plan.watch,
            prompt=self.lever.prompt,
            edits=self.lever.rungs[self.rung],
            topic=self.plan.lines,
            sampling={name: getattr(options, name) for name in ("max_new_tokens", "temperature", "top_p")},
            measured=summary(self.runs, reference),
        )


@dataclass
class Search:
    """A search on one Backpack for presets of some ``kinds`` of edit, in the order of the documents.

    ``model`` and ``reference`` are loaded models; ``tell`` hears of each measure.
    """

    model: Any
    reference: Any
    seed: int = 0
    options: SamplingOptions = OPTIONS
    goals: Goals = field(default_factory=Goals)
    effort: Effort = field(default_factory=Effort)
    tell: Callable[[str], None] = lambda line: None
    kinds: Sequence[str] = tuple(REQUIRED)
    _plain: dict[tuple[str, range], Samples] = field(default_factory=dict)

    def topic(self, plan: TopicPlan, levers: Sequence[Lever] | None = None) -> list[Found]:
        """A find of each kind of edit, where there is one, among ``levers`` or those that promise most."""
        if levers is None:
            levers = levers_for(plan, self.model.network, self.model.tokenizer, self.effort.labels)
        by_kind = ([lever for lever in levers if lever.kind == kind] for kind in self.kinds)
        finds = (self._first(plan, same[: self.effort.levers]) for same in by_kind)
        return [found for found in finds if found is not None]

    def _first(self, plan: TopicPlan, levers: Sequence[Lever]) -> Found | None:
        finalists = 0
        for lever in levers:
            trial = self._walk(plan, lever)
            if trial is None or trial.steering.ratio < self.goals.ratio or self.goals.exceeded_by(trial.steering):
                continue
            found, finalists = self._confirm(plan, trial), finalists + 1
            if found is not None or finalists == self.effort.finalists:
                return found
        return None

    def _walk(self, plan: TopicPlan, lever: Lever) -> Trial | None:
        """The best of a few rungs: down where the text suffers, else up, until there is no need or no hope.

        Two rungs at a time at first, and one once it has turned.
        """
        rung, trials, stride, before = lever.first, {}, 2, None
        for _ in range(self.effort.walk):
            rung = min(max(rung, 0), len(lever.rungs) - 1)
            if rung in trials:
                break
            trial = trials[rung] = self._run(plan, lever, rung, self.effort.trial, self.seed)
            dear = trial is None or self.goals.exceeded_by(trial.steering)
            if not dear and (trial.steering.ratio < HOPELESS or self._at_ease(trial.steering)):
                break
            stride = 2 if before in (None, dear) and stride == 2 else 1
            rung, before = rung - stride if dear else rung + stride, dear
        done = [trial for trial in trials.values() if trial is not None]
        return max(done, key=lambda trial: trial.merit, default=None)

    def _at_ease(self, steering: Steering) -> bool:
        """Whether no other rung is needed: the ratio holds with caution, at half the rise that is allowed."""
        return steering.cautious_ratio >= self.goals.ratio and steering.rise < self.goals.rise / 2

    def _confirm(self, plan: TopicPlan, trial: Trial) -> Found | None:
        """Measure in full with new seeds; None at the first run that misses the goals."""
        runs = []
        for number in range(1, CONFIRMATIONS + 1):
            seed = self.seed + STRIDE * number
            full = self._run(plan, trial.lever, trial.rung, self.effort.samples, seed)
            if full is None or not self.goals.met_by(full.steering):
                return None
            runs.append(full.steering)
        return Found(plan, trial.lever, trial.rung, tuple(runs))

    def _run(self, plan: TopicPlan, lever: Lever, rung: int, samples: int, seed: int) -> Trial | None:
        """Measure; None if the edits are so strong that nothing gets written."""
        seeds = range(seed, seed + samples)
        if (lever.prompt, seeds) not in self._plain:
            self._plain[lever.prompt, seeds] = self._draw(lever.prompt, (), seeds)
        edited = self._draw(lever.prompt, lever.rungs[rung], seeds)
        try:
            steering = compare(self._plain[lever.prompt, seeds], edited, plan.topic.without(lever.words), seed)
        except InvalidRequest:
            return None
        trial = Trial(lever, rung, steering)
        self.tell(f"{plan.id}: {_line(trial)}")
        return trial

    def _draw(self, prompt: str, documents: Sequence[Any], seeds: range) -> Samples:
        edits = read_edits(documents, self.model.network, self.model.tokenizer)
        return draw(self.model, self.reference, prompt, self.options, edits, seeds)


def _line(trial: Trial) -> str:
    """A trial in words, for people to follow the search."""
    steering, edit = trial.steering, trial.lever.rungs[trial.rung][0]
    what = ", ".join(f"{name} {value}" for name, value in edit.items() if name != "kind")
    plain, edited = steering.plain, steering.edited
    return (
        f"{edit['kind']} ({what}) after {trial.lever.prompt!r}, {steering.samples} seeds from {steering.seed}: "
        f"ratio {steering.ratio:.1f} ({plain.on_topic} to {edited.on_topic} words, {steering.distinct} different), "
        f"bits per byte {100 * steering.rise:+.0f} percent, repetition {plain.repetition:.2f} to "
        f"{edited.repetition:.2f}, merit {trial.merit:.2f}"
    )
