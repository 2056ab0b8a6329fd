"""Training: cross-entropy on an alignment first (from a fresh start), then lattice-free MMI; always with a teacher.

The teacher is the original encoder on the clean clip: the network is asked to give its output too, from augmented sound
and with its short look-ahead. That keeps what the original learnt from very many real people.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from assistant.errors import WrongInputError
from models.recipe.augment import NoiseStore
from models.recipe.batches import BatchFeed, Clip, as_arrays, epoch, make_batch
from models.recipe.lfmmi import SILENCE, denominator_log_sum, numerator_log_sum
from models.recipe.network import NetworkConfig, Params, forward, save_network

Array = Any
State = Any
"""Of the optimiser: a tree of arrays."""

# Squared scores, a small cost: LF-MMI leaves their common level open.
SCORE_COST = 1e-3
# LF-MMI doesn't care where in a silence a word begins: without this, first and last phones spread over silence, and
# word times with them. Frames of added silence must be heard as silence.
QUIET_WEIGHT = 0.3
SILENT_OUTPUTS = slice(2 * SILENCE, 2 * SILENCE + 2)
# New parts learn faster than Whisper's own, the first layers slower: they know speech already.
FAST, SLOW = 3.0, 0.3
FAST_PARTS, SLOW_PARTS = ("pre", "out"), ("fe", "c1", "c2")
GRADIENT_LIMIT = 1.0
ADAM_DECAY = 0.98
# Running mean of the parameters, which is what is kept: smoother than the last step.
AVERAGE_DECAY = 0.998
# Share of the training at the full rate before it falls, and the share of the rate at its end.
FULL_RATE_SHARE, LAST_RATE = 0.1, 0.02
REPORT_EVERY = 25
VALIDATION_CLIPS = 160


@dataclass(frozen=True)
class TrainingPlan:
    """How long and how fast to train.

    ``minutes`` is wall-clock time over all sessions of a resumed training; with ``steps`` it is so many steps instead,
    however long they take.
    """

    minutes: float
    steps: int | None = None
    rate: float = 3e-4
    warm_up_steps: int = 100
    alignment_steps: int = 0
    seconds_a_batch: float = 60.0
    teacher_weight: float = 0.15
    drop: float = 0.05
    save_every_seconds: float = 240.0
    seed: int = 1


@dataclass
class Progress:
    """What has been done so far; one line of the log for each report."""

    steps: int = 0
    elapsed: float = 0.0
    heard_seconds: float = 0.0
    log: list[dict[str, float]] = field(default_factory=list)


Loss = Callable[..., tuple[Array, tuple[Array, Array]]]
Report = Callable[[Progress, dict[str, float]], None]


def train(
    config: NetworkConfig,
    params: Params,
    clips: Sequence[Clip],
    validation: Sequence[Clip],
    noises: NoiseStore,
    trigram: NDArray[np.float32],
    teacher_scale: tuple[NDArray[np.float32], NDArray[np.float32]],
    plan: TrainingPlan,
    folder: Path,
    *,
    garbage: int,
    report: Report,
) -> Params:
    """Train for the plan's minutes; state is in ``folder`` and is gone on with if it is there. Returns the mean.

    ``teacher_scale`` are gain and bias of the original's last LayerNorm: undone, so that its output compares with the
    normalised encoding. ``folder`` holds ``network.npz`` (the mean), ``state.npz`` (to go on) and ``log.jsonl``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    optimiser = optax.chain(optax.clip_by_global_norm(GRADIENT_LIMIT), optax.scale_by_adam(b2=ADAM_DECAY))
    params = {name: jnp.asarray(value, jnp.float32) for name, value in params.items()}
    # Copies: a step gives its old buffers back, and must not give one back twice.
    mean, state = {name: value + 0 for name, value in params.items()}, optimiser.init(params)
    progress = Progress()
    if (folder / "state.npz").exists():
        params, mean, state, progress = _restore(folder, params, state)
    loss = _loss_function(config, jnp.asarray(trigram), teacher_scale, plan)
    steps = {aligned: _step_function(loss, optimiser, aligned=aligned) for aligned in (True, False)}
    check = _validation_function(config, loss, validation, noises)
    feed = BatchFeed(
        clips, config, noises, seconds=plan.seconds_a_batch, garbage=garbage, seed=plan.seed + progress.steps
    )
    started, saved = time.monotonic() - progress.elapsed, time.monotonic()
    sums: list[tuple[float, float, float]] = []
    key = jax.random.PRNGKey(plan.seed + progress.steps)
    try:
        for number, batch in feed:
            progress.elapsed = time.monotonic() - started
            share = progress.steps / plan.steps if plan.steps else progress.elapsed / (plan.minutes * 60)
            if share >= 1:
                break
            key, draw = jax.random.split(key)
            aligned = progress.steps < plan.alignment_steps
            rate = learning_rate(plan, share, progress.steps)
            decay = min(AVERAGE_DECAY, (progress.steps + 1) / (progress.steps + 10))
            params, state, mean, found = steps[aligned](
                params, state, mean, as_arrays(batch), draw, jnp.float32(rate), jnp.float32(decay)
            )
            sums.append(tuple(float(x) for x in found))  # type: ignore[arg-type]
            progress.steps += 1
            progress.heard_seconds += float(batch.lengths.sum()) * 0.01 * config.stride
            if progress.steps % REPORT_EVERY == 0:
                figures = dict(zip(("objective", "teacher", "gradient"), np.mean(sums, 0).tolist(), strict=True))
                sums = []
                _note(folder, progress, report, {**figures, "rate": rate, "epoch": float(number)})
            if time.monotonic() - saved > plan.save_every_seconds:
                _note(folder, progress, report, check(mean))
                _save(folder, config, params, mean, state, progress)
                saved = time.monotonic()
    finally:
        feed.close()
    _note(folder, progress, report, check(mean))
    _save(folder, config, params, mean, state, progress)
    return mean


def learning_rate(plan: TrainingPlan, share: float, steps: int) -> float:
    """Warm up, stay, then fall along a cosine to a fiftieth; ``share`` is the part of the time that has gone."""
    falling = max(0.0, share - FULL_RATE_SHARE) / (1 - FULL_RATE_SHARE)
    share_of_rate = max(LAST_RATE, 0.5 * (1 + math.cos(math.pi * falling)))
    return plan.rate * min(1.0, (steps + 1) / plan.warm_up_steps) * share_of_rate


def _loss_function(
    config: NetworkConfig,
    trigram: Array,
    teacher_scale: tuple[NDArray[np.float32], NDArray[np.float32]],
    plan: TrainingPlan,
) -> Loss:
    gain, bias = (jnp.asarray(x) for x in teacher_scale)

    def loss(
        params: Params, batch: tuple[Array, ...], key: Array | None, *, aligned: bool
    ) -> tuple[Array, tuple[Array, Array]]:
        features, lengths, positions, counts, skippable, states, teacher, taught, quiet = batch
        inside = jnp.arange(states.shape[1])[None] < lengths[:, None]
        scores, encoding = forward(config, params, features, inside.astype(jnp.float32), drop=plan.drop, key=key)
        wanted = (teacher.astype(jnp.float32) - bias) / gain
        asked = taught * inside
        distance = (jnp.square(encoding - wanted).mean(-1) * asked).sum() / (asked.sum() + 1.0)
        frames = lengths.sum()
        if aligned:
            known = inside & (states >= 0)
            chosen = jnp.take_along_axis(jax.nn.log_softmax(scores), jnp.maximum(states, 0)[..., None], 2)[..., 0]
            objective, cost = (chosen * known).sum() / (known.sum() + 1), 0.0
        else:
            said = numerator_log_sum(scores, lengths, positions, counts, skippable)
            objective = (said - denominator_log_sum(scores, lengths, trigram)).sum() / frames
            cost = (jnp.square(scores) * inside[..., None]).sum() / frames / config.outputs
            silent = jax.nn.logsumexp(jax.nn.log_softmax(scores)[..., SILENT_OUTPUTS], -1)
            known = quiet * inside
            cost = SCORE_COST * cost - QUIET_WEIGHT * (silent * known).sum() / (known.sum() + 1)
        return -objective + cost + plan.teacher_weight * distance, (objective, distance)

    return loss


def _speed(name: str) -> float:
    part, _, rest = name.partition(".")
    if part in FAST_PARTS or rest.startswith("r."):
        return FAST
    return SLOW if part in SLOW_PARTS else 1.0


def _step_function(loss: Loss, optimiser: optax.GradientTransformation, *, aligned: bool) -> Callable[..., Any]:
    @partial(jax.jit, donate_argnums=(0, 1, 2))
    def step(
        params: Params, state: State, mean: Params, batch: tuple[Array, ...], key: Array, rate: Array, decay: Array
    ) -> tuple[Params, State, Params, tuple[Array, Array, Array]]:
        found, gradient = jax.value_and_grad(loss, has_aux=True)(params, batch, key, aligned=aligned)
        update, state = optimiser.update(gradient, state)
        params = {name: value - rate * _speed(name) * update[name] for name, value in params.items()}
        mean = {name: value * decay + params[name] * (1 - decay) for name, value in mean.items()}
        return params, state, mean, (*found[1], optax.global_norm(gradient))

    return step


def _validation_function(
    config: NetworkConfig, loss: Loss, clips: Sequence[Clip], noises: NoiseStore
) -> Callable[[Params], dict[str, float]]:
    chosen = list(clips)[:VALIDATION_CLIPS]
    groups = epoch(chosen, config, 60, np.random.default_rng(0), training=False)
    batches = [as_arrays(make_batch(group, frames, config, noises, None)) for frames, group in groups]
    one = jax.jit(lambda params, batch: loss(params, batch, None, aligned=False)[1])

    def check(params: Params) -> dict[str, float]:
        if not batches:
            return {}
        objective, teacher = np.mean([[float(x) for x in one(params, batch)] for batch in batches], 0)
        return {"validation": float(objective), "validation_teacher": float(teacher)}

    return check


def _note(folder: Path, progress: Progress, report: Report, figures: dict[str, float]) -> None:
    line = {"seconds": round(progress.elapsed, 1), "step": progress.steps, "heard": round(progress.heard_seconds)}
    progress.log.append({**line, **figures})
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(progress.log[-1]) + "\n")
    report(progress, figures)


def _save(folder: Path, config: NetworkConfig, params: Params, mean: Params, state: State, progress: Progress) -> None:
    leaves = jax.tree.leaves(state)
    arrays = {f"params/{name}": value for name, value in params.items()}
    arrays |= {f"mean/{name}": value for name, value in mean.items()}
    arrays |= {f"state/{index}": leaf for index, leaf in enumerate(leaves)}
    done = {key: value for key, value in asdict(progress).items() if key != "log"}
    part = folder / "state.part.npz"
    np.savez(part, progress=np.array(json.dumps(done)), **{name: np.asarray(x) for name, x in arrays.items()})  # type: ignore[arg-type]
    part.replace(folder / "state.npz")
    save_network(folder / "network.npz", config, mean)


def _restore(folder: Path, params: Params, state: State) -> tuple[Params, Params, State, Progress]:
    with np.load(folder / "state.npz", allow_pickle=False) as file:
        read = {name: jnp.asarray(file[name]) for name in file.files if name != "progress"}
        progress = Progress(**json.loads(str(file["progress"])))
    if {name: read[f"params/{name}"].shape for name in params if f"params/{name}" in read} != {
        name: value.shape for name, value in params.items()
    }:
        raise OtherTrainingError(folder)
    leaves = [read[f"state/{index}"] for index in range(len(jax.tree.leaves(state)))]
    return (
        {name: read[f"params/{name}"] for name in params},
        {name: read[f"mean/{name}"] for name in params},
        jax.tree.unflatten(jax.tree.structure(state), leaves),
        progress,
    )


class OtherTrainingError(WrongInputError):
    """The folder holds the training of a network of other sizes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} holds the training of another network. Choose another --out, or delete it.")
