"""Writes test/fixtures/scipy-statistics.json: the results of SciPy for the statistics in src/base, src/drift and src/model.

Needs numpy and scipy (made with SciPy 1.17). Run from the repository's root: python scripts/data/scipy-fixtures.py
Tails of the hypergeometric distribution are sums of exact fractions, which SciPy's own sums do not reach far out.
"""

import copy
import json
import math
from fractions import Fraction

import numpy as np
import scipy
from scipy import special, stats


def log_fraction(value):
    """Returns ln of a fraction whose parts may be too large for a float."""
    return math.log(value.numerator) - math.log(value.denominator)


def normal():
    z = [-1e4, -300, -37, -30, -12.5, -8, -5, -3.1, -1, -0.66, -0.2, 0, 0.3, 0.7, 1.96, 4, 6]
    p = [1e-300, 1e-100, 1e-20, 1e-11, 1e-6, 0.001, 0.074, 0.0751, 0.3, 0.5, 0.62, 0.925, 0.9251, 0.999, 1 - 1e-12]
    return {
        "log_cdf": [[v, float(special.log_ndtr(v))] for v in z],
        "quantile": [[v, float(special.ndtri(v))] for v in p],
    }


def chi_square():
    rows = []
    for df in [1, 2, 3, 9, 19, 49, 199, 1000]:
        for factor in [0.001, 0.1, 0.5, 0.9, 1, 1.1, 1.5, 3, 8]:
            tail = stats.chi2.sf(df * factor, df)
            if tail > 1e-290:
                rows.append([df * factor, df, float(np.log(tail))])
    return rows


def chi_square_quantile():
    pairs = [(tail, df) for tail in (1e-30, 1e-4, 0.01, 0.3, 0.9) for df in (1, 2, 9, 19, 199)]
    return [[tail, df, float(stats.chi2.isf(tail, df))] for tail, df in pairs]


def hypergeometric():
    rows = []
    for draws, marked, others in [(5, 3, 7), (50, 12, 600), (500, 40, 5460), (500, 5000, 500), (1000, 90, 200_000)]:
        total = math.comb(marked + others, draws)
        ways = [math.comb(marked, k) * math.comb(others, draws - k) for k in range(min(draws, marked) + 1)]
        mean = draws * marked // (marked + others)
        for k in sorted({0, 1, mean, mean + 1, mean + 5, mean + 20, len(ways) - 1}):
            if k < len(ways) and sum(ways[k:]) > 0:
                rows.append([k, draws, marked, others, log_fraction(Fraction(sum(ways[k:]), total))])
    return rows


def outside_range():
    """New rows outside the range of earlier ones are beta-binomial (n, 2, m - 1)."""
    rows = []
    for n, m in [(1, 20), (50, 200), (500, 5000), (1000, 5000), (5000, 500)]:
        for k in [1, 2, 3, 8, 30]:
            if k <= n:
                ways = [Fraction((j + 1) * math.comb(n + m - 2 - j, m - 2)) for j in range(k, n + 1)]
                rows.append([k, n, m, log_fraction(sum(ways) / math.comb(n + m, m))])
    return rows


def two_samples(rng):
    """Bin counts of a window and a baseline: the χ² test, and Wilcoxon's test on the rows that the counts represent."""
    cases = []
    for bins, n, m, tilt in [(2, 30, 400, 0.4), (10, 100, 900, 0.05), (20, 500, 5000, 0.0), (20, 50, 5000, 0.2)]:
        shares = rng.dirichlet(np.full(bins, 5.0))
        moved = shares * np.exp(tilt * np.arange(bins))
        window = rng.multinomial(n, moved / moved.sum())
        baseline = rng.multinomial(m, shares)
        table = np.vstack([window, baseline])
        chi = stats.chi2_contingency(table[:, table.sum(axis=0) > 0], correction=False)
        x, y = (np.repeat(np.arange(bins), counts) for counts in table)
        rank = stats.mannwhitneyu(x, y, method="asymptotic", use_continuity=False)
        p, q = window / n, baseline / m
        cases.append(
            {
                "window": window.tolist(),
                "baseline": baseline.tolist(),
                "chi_square": float(chi.statistic),
                "chi_square_p": float(chi.pvalue),
                "wilcoxon_p": float(rank.pvalue),
                "smooth_components": smooth_components(window, baseline),
                "jensen_shannon": float(scipy.spatial.distance.jensenshannon(p, q, base=2)),
            }
        )
    return cases


def smooth_components(window, baseline):
    """Means of polynomials of the middle ranks, orthonormal on the union of both samples, by NumPy's QR."""
    union = window + baseline
    filled = union > 0
    total = union.sum()
    ranks = (np.cumsum(union) - union / 2) / total
    weights = np.sqrt(union / total)
    powers = (2 * ranks[:, None] - 1) ** np.arange(min(5, filled.sum()))
    q, r = np.linalg.qr((weights[:, None] * powers)[filled])
    polynomials = (q * np.sign(np.diag(r))) / weights[filled, None]
    shifts = (window / window.sum() - baseline / baseline.sum())[filled] @ polynomials[:, 1:]
    variance = total / window.sum() / baseline.sum() * total / (total - 1)
    return (shifts / np.sqrt(variance)).tolist()


def combined(rng):
    """Cauchy's combination of p-values; those above 0.99 count as 0.99."""
    cases = [rng.uniform(size=3), rng.uniform(size=5), [1e-4, 0.3, 1.0], [2e-9, 1.0], [0.02], [1e-40, 3e-41, 0.5]]
    return [
        [list(map(float, p)), float(np.log(stats.cauchy.sf(stats.cauchy.isf(np.minimum(p, 0.99)).mean())))] for p in cases
    ]


def normal_scores(rng):
    """Φ⁻¹((middle rank + ½ - ½) / (n + 1)): SciPy's average ranks count from 1."""
    values = rng.integers(0, 30, 200) / 4
    return {
        "values": values.tolist(),
        "scores": special.ndtri(stats.rankdata(values) / (len(values) + 1)).tolist(),
    }


def student():
    t = [-40, -3, -1, -0.1, 0, 1e-6, 0.2, 1, 1.7, 2.5, 5, 12, 40]
    return [[v, df, float(stats.t.sf(v, df))] for df in (1, 2, 3, 7, 29, 77, 500, 20_000, 1_000_000) for v in t if stats.t.sf(v, df) > 1e-290]


def paired(rng):
    """Tests whether the mean squared residual of one model exceeds (1 + tolerance)² times that of another."""
    cases = []
    for rows, tolerance, worse, tails in [(2, 0.05, 1, 30), (8, 0.0, 1.5, 3), (78, 0.05, 1, 3), (78, 0.05, 1.4, 30), (300, 0.1, 1.1, 4)]:
        row = rng.standard_t(tails, rows)
        candidate, serving = ((row + 0.3 * rng.normal(size=rows)) * factor for factor in (worse, 1))
        differences = candidate**2 - (1 + tolerance) ** 2 * serving**2
        test = stats.ttest_1samp(differences, 0, alternative="greater")
        cases.append(
            {
                "tolerance": tolerance,
                "candidate": (candidate**2).tolist(),
                "serving": (serving**2).tolist(),
                "p": float(test.pvalue),
            }
        )
    return cases


def stability_index(cases):
    """The population stability index of two samples, with half a row added to each bin, minus its expectation (Yurdakul)."""
    rows = []
    for case in cases:
        window, baseline = np.array(case["window"]), np.array(case["baseline"])
        p, q = ((counts + 0.5) / (counts + 0.5).sum() for counts in (window, baseline))
        value = float(np.sum((p - q) * np.log(p / q)))
        rows.append([value, value - (len(window) - 1) * (1 / window.sum() + 1 / baseline.sum())])
    return rows


def stability_critical():
    """The value that the index minus its expectation exceeds in 1 % of windows: bins, rows of the window and of the baseline."""
    sizes = [(20, 500, 2000), (3, 500, 2000), (20, 50, 2000), (10, 500, 400)]
    return [
        [bins, n, m, float((stats.chi2.isf(0.01, bins - 1) - (bins - 1)) * (1 / n + 1 / m))] for bins, n, m in sizes
    ]


def chi_square_deviate():
    """Wilson and Hilferty's deviate of a χ² value, and the exact deviate with the same tail probability."""
    rows = []
    for df in [2, 9, 19, 49]:
        for factor in [0.3, 0.8, 1, 1.5, 2.5]:
            x = df * factor
            approximate = ((x / df) ** (1 / 3) - (1 - 2 / (9 * df))) / np.sqrt(2 / (9 * df))
            rows.append([x, df, float(approximate), float(stats.norm.isf(stats.chi2.sf(x, df)))])
    return rows


def design_effect(rng):
    """Bins of 500 rows in blocks of 10: the variance of the block means relative to that of independent rows."""
    level = 0.0
    dependent = []
    for _ in range(500):
        level = 0.9 * level + np.sqrt(1 - 0.9**2) * rng.normal()
        dependent.append(int(np.clip(np.floor(5 + 2 * level), 0, 9)))
    independent = rng.integers(0, 10, 500).tolist()
    columns = [dependent, independent]
    effects = []
    for column in columns:
        rows = np.array(column, dtype=float)
        effect = 10 * rows.reshape(50, 10).mean(axis=1).var(ddof=1) / rows.var()
        beyond_doubt = stats.chi2.sf(49 * effect, 49) < 0.01 / len(columns)
        effects.append(float(effect) if beyond_doubt else 1.0)
    return {"columns": columns, "effects": effects}


rng = np.random.default_rng(20240611)
samples = two_samples(rng)
scores = normal_scores(rng)
same = copy.deepcopy(rng)
fixture = {
    "scipy": scipy.__version__,
    "normal": normal(),
    "chi_square": chi_square(),
    "chi_square_quantile": chi_square_quantile(),
    "hypergeometric": hypergeometric(),
    "outside_range": outside_range(),
    "two_samples": samples,
    "normal_scores": scores,
    "combined": combined(rng),
    "student": student(),
    "paired": paired(same),
    "stability_index": stability_index(samples),
    "stability_critical": stability_critical(),
    "chi_square_deviate": chi_square_deviate(),
    "design_effect": design_effect(np.random.default_rng(20240612)),
}
with open("test/fixtures/scipy-statistics.json", "w", encoding="utf-8") as file:
    json.dump(fixture, file, indent=1)
    file.write("\n")
