"""Lattice-free maximum mutual information: the log-probability of what was said against that of anything sayable.

Povey et al., "Purely sequence-trained neural networks for ASR based on lattice-free MMI" (2016). A phone has two
states, its first frame and its further frames; scores of outputs ``2 * phone`` and ``2 * phone + 1``. The numerator
is the sum over all alignments of the transcript's phones, with a silence allowed around every word; the denominator
is a phone trigram. Both are forward recursions, so that their gradients come from automatic differentiation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

Array = Any

SILENCE = 0
# Stands for minus infinity, but keeps differences finite.
IMPOSSIBLE = -1e30
TINY = 1e-37


def numerator_log_sum(scores: Array, lengths: Array, positions: Array, counts: Array, skippable: Array) -> Array:
    """Log-sum over all alignments of the phone sequence (B,).

    ``scores`` (B, T, 2 * phones); ``lengths`` (B,) frames of each clip; ``positions`` (B, J) phones in order, silences
    included; ``counts`` (B,) how many of them count; ``skippable`` (B, J) whether position j may follow j - 2 at once,
    that is, whether j - 1 is an optional silence.
    """
    phones = scores.shape[-1] // 2
    chosen = jax.nn.one_hot(positions, phones)
    first = jnp.einsum("btp,bjp->tbj", scores[..., 0::2], chosen)
    further = jnp.einsum("btp,bjp->tbj", scores[..., 1::2], chosen)
    batch, slots = positions.shape
    # A clip may begin with the leading silence or with the first phone.
    start = jnp.where((jnp.arange(slots) < 2)[None], first[0], IMPOSSIBLE)
    skip_cost = jnp.where(skippable, 0.0, IMPOSSIBLE)

    def step(state: Array, at: tuple[Array, Array, Array]) -> tuple[Array, None]:
        time, first_now, further_now = at
        one_back = jnp.concatenate([jnp.full((batch, 1), IMPOSSIBLE), state[:, :-1]], 1)
        two_back = jnp.concatenate([jnp.full((batch, 2), IMPOSSIBLE), state[:, :-2]], 1) + skip_cost
        most = jax.lax.stop_gradient(jnp.maximum(jnp.maximum(one_back, two_back), IMPOSSIBLE))
        entering = most + jnp.log(jnp.exp(one_back - most) + jnp.exp(two_back - most) + TINY)
        moved = jnp.logaddexp(entering + first_now, state + further_now)
        return jnp.maximum(jnp.where((time < lengths)[:, None], moved, state), IMPOSSIBLE), None

    end, _ = jax.lax.scan(step, start, (jnp.arange(1, scores.shape[1]), first[1:], further[1:]))
    # It may end in the closing silence or in the last phone.
    last = jnp.take_along_axis(end, jnp.stack([counts - 1, jnp.maximum(counts - 2, 0)], 1), 1)
    return jax.nn.logsumexp(last, 1)


def denominator_log_sum(scores: Array, lengths: Array, trigram: Array) -> Array:
    """Log-sum over every phone sequence, weighted by the phone trigram (B,).

    ``trigram`` (N + 1, N + 1, N + 1) holds P(c | a, b) at [a, b, c]; index N is the sentence's start in a and b and its
    end in c. The recursion runs on probabilities scaled to sum 1 a frame, a matrix product a frame.
    """
    first, further = scores[..., 0::2], scores[..., 1::2]
    boundary = first.shape[-1]
    most = jax.lax.stop_gradient(jnp.maximum(first.max(-1), further.max(-1)))

    def scaled(x: Array) -> Array:
        return jnp.pad(jnp.exp(x - most[..., None]), ((0, 0), (0, 0), (0, 1))).transpose(1, 0, 2)

    first, further = scaled(first), scaled(further)
    by_previous = trigram.transpose(1, 0, 2)

    def rescale(state: Array) -> tuple[Array, Array]:
        total = state.sum((0, 2))
        return state / total[None, :, None], jnp.log(total)

    # State: [current phone, clip, previous phone].
    size, batch = boundary + 1, scores.shape[0]
    begin = (trigram[boundary, boundary][None] * first[0]).T
    state, log_sum = rescale(jnp.zeros((size, batch, size)).at[:, :, boundary].set(begin))

    def step(carry: tuple[Array, Array], at: tuple[Array, Array, Array, Array]) -> tuple[tuple[Array, Array], None]:
        state, log_sum = carry
        time, first_now, further_now, most_now = at
        entering = jnp.einsum("bza,bac->bzc", state, by_previous).transpose(2, 1, 0)
        moved, gained = rescale(entering * first_now.T[:, :, None] + state * further_now.T[:, :, None])
        inside = time < lengths
        state = jnp.where(inside[None, :, None], moved, state)
        return (state, jnp.where(inside, log_sum + gained + most_now, log_sum)), None

    steps = (jnp.arange(1, scores.shape[1]), first[1:], further[1:], most[:, 1:].T)
    (state, log_sum), _ = jax.lax.scan(step, (state, log_sum + most[:, 0]), steps)
    ending = jnp.einsum("bza,ab->z", state, trigram[:, :, boundary])
    return log_sum + jnp.log(ending + TINY)


def phone_trigram(
    sentences: Sequence[Sequence[Sequence[int]]],
    phones: int,
    *,
    seed: int = 0,
    silence_between: float = 0.15,
    silence_at_edges: float = 0.8,
) -> NDArray[np.float32]:
    """Interpolated Witten-Bell trigram over phones, (phones + 1) cubed, as ``denominator_log_sum`` takes it.

    ``sentences`` are lists of words, each a list of phones. Silences are drawn: between two words seldom, at the edges
    nearly always, as in the clips.
    """
    random = np.random.default_rng(seed)
    size = phones + 1
    trigrams = np.zeros((size, size, size))
    for words in sentences:
        sequence = [phones, phones]
        if random.random() < silence_at_edges:
            sequence.append(SILENCE)
        for index, word in enumerate(words):
            sequence += word
            if index < len(words) - 1 and random.random() < silence_between:
                sequence.append(SILENCE)
        if random.random() < silence_at_edges:
            sequence.append(SILENCE)
        sequence.append(phones)
        np.add.at(trigrams, (sequence[:-2], sequence[1:-1], sequence[2:]), 1)
    bigrams = trigrams.sum(0)
    unigrams = bigrams.sum(0) + 0.5
    lower = _witten_bell(bigrams, (unigrams / unigrams.sum())[None])
    return _witten_bell(trigrams, lower[None]).astype(np.float32)


def _witten_bell(counts: NDArray[Any], lower: NDArray[Any]) -> NDArray[Any]:
    kinds = (counts > 0).sum(-1, keepdims=True)
    total = counts.sum(-1, keepdims=True)
    seen = np.maximum(total + kinds, 1e-9)
    return np.where(total + kinds > 0, (counts + kinds * lower) / seen, np.broadcast_to(lower, counts.shape))
