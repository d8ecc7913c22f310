import math

import numpy as np
import pytest

from playground.generation.noise import GOLDEN, MASK, gumbel, mix, quantile, stream, uniform

EULER = 0.57721566490153286


def test_the_mixer_is_splitmix64():
    """The generator's published first outputs from the state 0."""
    state, drawn = 0, []
    for _ in range(3):
        state = (state + GOLDEN) & MASK
        drawn.append(mix(state))
    assert drawn == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_vectors_agree_with_plain_integers():
    ids = np.array([0, 1, 2, 50_263, 2**31])
    for seed, position in [(0, 0), (7, 1), (2**32 - 1, 16_383)]:
        start = stream(seed, position)
        for token, noise in zip(ids.tolist(), gumbel(seed, position, ids), strict=True):
            u = ((mix((start + (token + 1) * GOLDEN) & MASK) >> 12) + 0.5) / 2**52
            assert noise == pytest.approx(-math.log(-math.log(u)), rel=1e-12)


def test_numbers_stay_what_they_are():
    """A change here would give every saved run another text."""
    assert gumbel(0, 0, np.arange(3)).tolist() == pytest.approx(
        [-0.6807578025137786, 3.5293597414235305, -0.24743454082693486], rel=1e-12
    )
    assert gumbel(123, 45, np.array([7, 50_000])).tolist() == pytest.approx(
        [0.06192199817121957, 1.0792992395776722], rel=1e-12
    )
    assert [uniform(0, 0), uniform(1, 2)] == pytest.approx([0.7054856102290846, 0.4067480597414571], rel=1e-12)


def test_noise_belongs_to_the_id_alone():
    every = gumbel(3, 9, np.arange(50_264))
    chosen = np.array([50_263, 4, 4, 17])
    assert gumbel(3, 9, chosen).tolist() == every[chosen].tolist()
    assert gumbel(3, 9, chosen.astype(np.int32).reshape(2, 2)).shape == (2, 2)
    assert gumbel(3, 9, np.array([], int)).shape == (0,)


def test_asking_does_not_change_the_ids():
    ids = np.arange(5).astype(np.uint64)
    gumbel(0, 0, ids)
    assert ids.tolist() == list(range(5))


@pytest.mark.parametrize(("seed", "position"), [(0, 0), (1, 0), (0, 1), (2**32 - 1, 4_095)])
def test_over_ids_the_noise_is_gumbel(seed, position):
    assert_gumbel(gumbel(seed, position, np.arange(200_000)))


def test_over_positions_and_over_seeds_the_noise_is_gumbel():
    assert_gumbel(np.array([gumbel(0, position, np.array([5]))[0] for position in range(20_000)]))
    assert_gumbel(np.array([gumbel(seed, 3, np.array([5]))[0] for seed in range(20_000)]))


def assert_gumbel(noise):
    count = len(noise)
    assert np.isfinite(noise).all()
    # Kolmogorov-Smirnov distance to the Gumbel distribution; 1.95 is its 0.001 point.
    expected = np.exp(-np.exp(-np.sort(noise)))
    distance = np.abs(expected - (np.arange(count) + 0.5) / count).max()
    assert distance * math.sqrt(count) < 1.95
    assert noise.mean() == pytest.approx(EULER, abs=4 * math.pi / math.sqrt(6 * count))
    assert noise.var() == pytest.approx(math.pi**2 / 6, rel=0.05)


def test_neighbours_are_independent():
    """Correlations of probability transforms between neighbouring ids, positions and seeds: all near 1 / sqrt(n)."""
    table = np.stack(
        [[np.exp(-np.exp(-gumbel(s, p, np.arange(512)))) for p in range(16)] for s in range(16)]
    )  # (seed, position, id)
    pairs = [
        (table[1:], table[:-1]),
        (table[:, 1:], table[:, :-1]),
        (table[:, :, 1:], table[:, :, :-1]),
        (table[1:, 1:, 1:], table[:-1, :-1, :-1]),
        (table[1:, :-1], table[:-1, 1:]),
        (table[:, 1:, :-1], table[:, :-1, 1:]),
    ]
    for a, b in pairs:
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4 / math.sqrt(a.size)
        coarse = np.histogram2d(a.ravel(), b.ravel(), bins=8, range=[[0, 1], [0, 1]])[0]
        expected = a.size / 64
        assert ((coarse - expected) ** 2 / expected).sum() < 63 + 4 * math.sqrt(2 * 63)
    assert len(np.unique(table)) == table.size


def test_uniform_is_uniform_and_independent_of_the_gumbel_noise():
    numbers = np.array([[uniform(seed, position) for position in range(200)] for seed in range(100)])
    assert numbers.min() > 0
    assert numbers.max() < 1
    counts = np.histogram(numbers, bins=20, range=(0, 1))[0]
    assert ((counts - 1000) ** 2 / 1000).sum() < 19 + 4 * math.sqrt(2 * 19)
    first = np.array([[gumbel(seed, position, np.array([0]))[0] for position in range(200)] for seed in range(100)])
    assert abs(np.corrcoef(numbers.ravel(), first.ravel())[0, 1]) < 4 / math.sqrt(numbers.size)


def test_adding_the_noise_and_taking_the_best_draws_from_the_distribution():
    probabilities = np.array([0.4, 0.3, 0.15, 0.1, 0.04, 0.01])
    ids = np.array([3, 11, 12, 500, 8_191, 50_000])
    count = 20_000
    drawn = [np.argmax(np.log(probabilities) + gumbel(11, position, ids)) for position in range(count)]
    expected = probabilities * count
    chi_square = ((np.bincount(drawn, minlength=6) - expected) ** 2 / expected).sum()
    assert chi_square < 20.5  # the 0.001 point with 5 degrees of freedom


def test_a_quantile_is_where_the_sum_passes_the_number():
    """Against walking through the choices one by one, the likeliest first."""
    dice = np.random.default_rng(0)
    for position in range(300):
        logits = dice.normal(size=dice.integers(1, 9)).round(1)  # with ties
        logprobs = logits - np.log(np.exp(logits).sum())
        ranked = sorted(range(len(logits)), key=lambda i: (-logits[i], i))
        left = uniform(5, position)
        for choice in ranked:
            left -= math.exp(logprobs[choice])
            if left < 0:
                break
        assert quantile(5, position, logprobs) == choice


def test_quantiles_follow_the_distribution():
    logprobs = np.log([0.1, 0.6, 0.3])
    counts = np.bincount([quantile(1, position, logprobs) for position in range(5_000)], minlength=3)
    assert counts / 5_000 == pytest.approx([0.1, 0.6, 0.3], abs=0.03)
