"""Wrong answers to the exercises of the notebooks: for each exercise, some code and what is said about it."""

from __future__ import annotations

WRONG: dict[str, list[list[tuple[str, str]]]] = {
    "01_chain_rule": [
        [
            ("answer = [0.4311, 0.2329, 0.4658]", "0 of 3 are right. dJ/dz: The size is right, and the sign is wrong"),
            (
                "answer = [-0.4311, 0.5403, 2]",
                "dJ/dy: That is the local partial cos(y): multiply it by what arrives, dJ/dz.",
            ),
            (
                "answer = [-0.4311, -0.2329, -0.2329]",
                "dJ/dx: That is what arrives, dJ/dy: multiply it by the local partial",
            ),
        ],
        [
            ("answer = 4", "You forgot a path: x is used 2 times, and yours is the sum of 1 of 2 contributions."),
            ("answer = 2 * 4", "You forgot a path: x is used 2 times"),
            ("answer = 2", "That is what arrives, dJ/dy: multiply it by the local partial 2 * x."),
        ],
        [
            ("answer = [6, 8, 16, 30]", "1 of 4 are right. ∂J/∂p: You forgot a path: p is used 2 times"),
            ("answer = [6, 14, 28, 42]", "3 of 4 are right. ∂J/∂x: You forgot a path: x is used 2 times"),
            ("answer = [6, 14, 2, 48]", "∂J/∂w: That is the local partial x: multiply it by what arrives, ∂J/∂p."),
        ],
        [("answer = 0.2", "Not this number"), ("answer = 0.8 * (0.8 - 1)", "the sign is wrong")],
        [
            ("answer = [1004, 1004]", "1 of 2 are right. number 2"),
            ("answer = [5000, 1004]", "0 of 2 are right. number 1"),
        ],
        [
            ("def backward(partials):\n    return partials", "1 of 3 are right. number 2: Not this number."),
            (
                "def backward(partials):\n    return [sum(partials[: place + 1]) for place in range(3)]",
                "1 of 3 are right. number 2: Not this number.",
            ),
            (
                "def backward(partials):\n    return [-math.prod(partials[: place + 1]) for place in range(3)]",
                "0 of 3 are right. number 1: The size is right, and the sign is wrong",
            ),
        ],
    ],
}
