"""A derivative inside a loop inside a derivative, timed for whichever `autograd` comes first on the path, ours or HIPS's.

A particle falls from a height of 8 between two charges, one of which is moved by w; each Euler step needs the gradient
of the potential. Wanted is the derivative of the square of where it comes down (Siskind and Pearlmutter; gradbench's
`particle`). `python particle.py 0.1 0.01` prints for each length of a step: how many steps, the derivative, the least
seconds of some rounds.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from autograd import grad


def came_down(w: Any, dt: float) -> tuple[Any, int]:
    """Where the particle comes down, squared, and the number of steps."""
    charges = ((10.0, 10.0 - w), (10.0, 0.0))

    def potential(x: list[Any]) -> Any:
        return sum(1.0 / ((x[0] - a) ** 2 + (x[1] - b) ** 2) ** 0.5 for a, b in charges)

    slope, x, speed, steps = grad(potential), [0.0, 8.0], [0.75, 0.0], 1
    while True:
        force = slope(x)
        new = [x[0] + dt * speed[0], x[1] + dt * speed[1]]
        if not new[1] > 0:
            return (x[0] - x[1] / speed[1] * speed[0]) ** 2, steps
        x, speed, steps = new, [speed[0] - dt * force[0], speed[1] - dt * force[1]], steps + 1


def measured(dt: float) -> tuple[int, float, float]:
    """The number of steps, the derivative, and the least of the processor's seconds for it."""
    seconds, found = [], 0.0
    for _ in range(3):
        start = time.process_time()
        found = grad(lambda w: came_down(w, dt)[0])(0.0)
        seconds.append(time.process_time() - start)
    return came_down(0.0, dt)[1], float(found), min(seconds)


if __name__ == "__main__":
    print(json.dumps([measured(float(dt)) for dt in sys.argv[1:]]))
