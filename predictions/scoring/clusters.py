"""The uncertainty of a mean whose values hang together by clusters, such as a question's."""

import math


def interval_of_sums(
    *, count: int, total: int, clusters: int, sizes: int, products: int, squares: int, units: int
) -> tuple[float, float] | None:
    """`summary.clustered_interval` of values of which only sums are known, exactly.

    Of `count` values that add up to `total`, in whole numbers of which `units` make 1: with n the
    size of a cluster and S its sum, `sizes` is Σ n², `products` Σ nS and `squares` Σ S². Then
    Σ (S − n·mean)² = squares − 2·mean·products + mean²·sizes, here without any cancellation. None
    with fewer than two clusters.
    """
    if clusters < 2:
        return None
    # Over count², still whole.
    spread = count * count * squares - 2 * count * total * products + total * total * sizes
    return student_interval(
        total / (count * units),
        variance=clusters * spread / ((clusters - 1) * count**4 * units**2),
        clusters=clusters,
    )


def student_interval(
    centre: float, *, variance: float, clusters: int, confidence: float = 0.95
) -> tuple[float, float]:
    """The interval by Student's t with one degree of freedom less than there are clusters."""
    # Slow to import, and called for by few of the processes that import this module.
    from scipy.special import stdtrit

    reach = float(stdtrit(clusters - 1, 0.5 + confidence / 2)) * math.sqrt(variance)
    return centre - reach, centre + reach
