"""The search for steering presets: rank on plain text, try with few samples, confirm the best with new seeds.

Per topic: the senses of a prompt's words whose scaling gains most, by a gradient, and boosts of the topic's best labels
are read along plain texts at three strengths; the most hopeful of each kind are sampled a few times, one rung of their
ladder up or down as that suggests; the best are measured in full; and what meets the goals is measured again, twice,
with seeds that nothing was chosen on. Only those last measures are reported.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from playground.errors import InvalidRequest
from playground.evaluation.steering.goals import Goals, merit, summary
from playground.evaluation.steering.levers import (
    Lever,
    Prospect,
    best_of_each_kind,
    boost_levers,
    promising_words,
    prospect,
    scale_levers,
)
from playground.evaluation.steering.measure import Samples, Steering, compare, draw
from playground.evaluation.steering.scout import Scout
from playground.evaluation.steering.topics import TopicPlan
from playground.generation.options import SamplingOptions
from playground.senses.edit_documents import read_edits
from playground.senses.presets import Preset

OPTIONS = SamplingOptions(max_new_tokens=80, temperature=0.8, top_p=0.95)
SCOUTED, TRIAL = 8, 16  # plain texts to rank on, and samples of a trial
WALK, AMPLE = 3, 10.0  # rungs tried per lever, and a ratio beyond which a weaker edit will do
CONFIRMATIONS, STRIDE = 2, 1_000  # runs on new seeds, and how far apart the seeds of two runs lie
SCOUT_SEEDS = 500  # from the search's first seed to those of the plain texts


@dataclass(frozen=True)
class Effort:
    """How much to try per topic.

    Attributes:
        labels: of the topic's mentions, how many get prompts and boosts.
        senses: how many (word, sense) pairs to look at per prompt.
        levers: how many of each kind of edit to sample.
        finalists: how many of each kind to measure in full.
        samples: texts of a full measure.
    """

    labels: int = 3
    senses: int = 3
    levers: int = 4
    finalists: int = 2
    samples: int = 50


@dataclass(frozen=True)
class Trial:
    """A lever's rung and what it did."""

    lever: Lever
    rung: int
    steering: Steering


@dataclass(frozen=True)
class Found:
    """A lever's rung that meets the goals, and what it does with seeds that it was not chosen on."""

    plan: TopicPlan
    lever: Lever
    rung: int
    runs: tuple[Steering, ...]

    @property
    def merit(self) -> float:
        return min(map(merit, self.runs))

    def preset(self, options: SamplingOptions, reference: str) -> Preset:
        """The preset of this find; its id joins the topic and the kind of edit."""
        sampling = {name: getattr(options, name) for name in ("max_new_tokens", "temperature", "top_p")}
        return Preset(
            id=f"{self.plan.id}-{self.lever.kind.partition('_')[0]}",
            title=self.plan.title,
            watch=self.plan.watch,
            prompt=self.lever.prompt,
            edits=self.lever.rungs[self.rung],
            topic=self.plan.lines,
            sampling=sampling,
            measured=summary(self.runs, reference),
        )


@dataclass
class Search:
    """A search on one Backpack: ``model`` and ``reference`` are loaded models, ``tell`` hears of each full measure."""

    model: Any
    reference: Any
    seed: int = 0
    options: SamplingOptions = OPTIONS
    goals: Goals = field(default_factory=Goals)
    effort: Effort = field(default_factory=Effort)
    tell: Callable[[str], None] = lambda line: None
    _plain: dict[tuple[str, range], Samples] = field(default_factory=dict)
    _scouts: dict[str, Scout] = field(default_factory=dict)

    def topic(self, plan: TopicPlan) -> list[Found]:
        """The best find of each kind of edit, if there is one."""
        return self._choose(plan, best_of_each_kind(self._prospects(plan), self.effort.levers))

    def start_from(self, plan: TopicPlan, levers: Sequence[Lever]) -> list[Found]:
        """As :meth:`topic`, but with these levers only."""
        tokenizer = self.model.tokenizer
        return self._choose(plan, [prospect(lever, self._scout(lever.prompt), plan, tokenizer) for lever in levers])

    def _prospects(self, plan: TopicPlan) -> Iterator[Prospect]:
        tokenizer = self.model.tokenizer
        labels = promising_words(plan, self.model.network, tokenizer)[: self.effort.labels]
        for prompt in plan.prompts_with(label.strip() for label in labels):
            scout = self._scout(prompt)
            levers = scale_levers(scout, plan, prompt, tokenizer, self.effort.senses)
            if prompt in plan.general:
                levers += boost_levers(labels, prompt)
            for lever in levers:
                found = prospect(lever, scout, plan, tokenizer)
                if found.hope > 0:
                    yield found

    def _choose(self, plan: TopicPlan, prospects: Sequence[Prospect]) -> list[Found]:
        found: dict[str, Found] = {}
        trials = [trial for trial in (self._walk(plan, prospect) for prospect in prospects) if trial is not None]
        trials.sort(key=lambda trial: merit(trial.steering), reverse=True)
        for kind in dict.fromkeys(trial.lever.kind for trial in trials):
            same = [trial for trial in trials if trial.lever.kind == kind]
            finds = (self._confirm(plan, trial) for trial in same[: self.effort.finalists])
            best = max((find for find in finds if find is not None), key=lambda find: find.merit, default=None)
            if best is not None:
                found[kind] = best
        return list(found.values())

    def _walk(self, plan: TopicPlan, start: Prospect) -> Trial | None:
        """Try a few rungs: down where the topic is ample or the text suffers, else up. The best of them."""
        rung, trials = start.rung, {}
        for _ in range(WALK):
            if rung in trials or not 0 <= rung < len(start.lever.rungs):
                break
            trials[rung] = self._run(plan, start.lever, rung, TRIAL, self.seed)
            trial = trials[rung]
            down = trial is None or trial.steering.ratio > AMPLE or self.goals.exceeded_by(trial.steering)
            rung += -1 if down else 1
        done = [trial for trial in trials.values() if trial is not None]
        return max(done, key=lambda trial: merit(trial.steering), default=None)

    def _confirm(self, plan: TopicPlan, trial: Trial) -> Found | None:
        """Measure in full with the search's seeds, then with others; None at the first that misses the goals."""
        runs = []
        for number in range(CONFIRMATIONS + 1):
            seed = self.seed + STRIDE * number
            full = self._run(plan, trial.lever, trial.rung, self.effort.samples, seed)
            met = full is not None and self.goals.met_by(full.steering)
            if full is not None:
                self.tell(f"{plan.id}: {_line(full)}: {'holds' if met else 'misses the goals'}")
            if not met:
                return None
            runs.append(full.steering)
        return Found(plan, trial.lever, trial.rung, tuple(runs[1:]))

    def _run(self, plan: TopicPlan, lever: Lever, rung: int, samples: int, seed: int) -> Trial | None:
        """Measure; None if the edits are so strong that nothing gets written."""
        seeds = range(seed, seed + samples)
        if (lever.prompt, seeds) not in self._plain:
            self._plain[lever.prompt, seeds] = self._draw(lever.prompt, (), seeds)
        edited = self._draw(lever.prompt, lever.rungs[rung], seeds)
        topic = plan.topic.without(lever.words)
        try:
            return Trial(lever, rung, compare(self._plain[lever.prompt, seeds], edited, topic, seed))
        except InvalidRequest:
            return None

    def _draw(self, prompt: str, documents: Sequence[Any], seeds: range) -> Samples:
        edits = read_edits(documents, self.model.network, self.model.tokenizer)
        return draw(self.model, self.reference, prompt, self.options, edits, seeds)

    def _scout(self, prompt: str) -> Scout:
        if prompt not in self._scouts:
            first = self.seed + SCOUT_SEEDS
            self._scouts[prompt] = Scout(self.model, prompt, self.options, range(first, first + SCOUTED))
        return self._scouts[prompt]


def _line(trial: Trial) -> str:
    """A trial in words, for people to follow the search."""
    steering, edit = trial.steering, dict(trial.lever.rungs[trial.rung][0])
    what = ", ".join(f"{name} {value}" for name, value in edit.items() if name != "kind")
    return (
        f"{edit['kind']} ({what}) after {trial.lever.prompt!r}, seeds from {steering.seed}: ratio {steering.ratio:.1f} "
        f"({steering.plain.on_topic} to {steering.edited.on_topic} words, {steering.distinct} different), bits per "
        f"byte {100 * steering.rise:+.0f} percent"
    )
