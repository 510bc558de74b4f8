"""Wrong answers to the exercises of the notebooks: for each exercise, some code and what is said about it."""

from __future__ import annotations

stages = """
def predicted_again(w, b, x, y, eta):
    predicted = sigma(w * x + b)
    to_z = 2 * (predicted - y) * predicted * (1 - predicted)
    w, b = w - eta * to_z * x, b - eta * to_z
    return sigma(w * x + b)
"""

back = "def hidden_delta(theta, delta, a):\n    return {}"

WRONG: dict[str, list[list[tuple[str, str]]]] = {
    "00_perceptron": [
        [
            ("answer = [1, 1, 1]", "0 of 3 are right. number 1: The size is right, and the sign is wrong"),
            ("answer = [0, 0, 0]", "0 of 3 are right. number 1: Not this number."),  # as if f(0) were 0
            ("answer = [-1, -1, 0]", "2 of 3 are right. number 3: Not this number."),  # the bias forgotten
        ],
        [
            ("def nand(x1, x2):\n    return f(x1 + x2 - 1.5)", "0 of 4 are right. number 1"),
            ("def nand(x1, x2):\n    return f(-x1 - x2 + 2)", "3 of 4 are right. number 4"),  # on the line it is 1
        ],
        [
            (
                "def updated(w, x, y, eta):\n    return [w[0] + (y - neuron(x, *w)) * x[0], w[1] + x[1], w[2] + 1]",
                "0 of 3 are right. number 1",
            ),  # without the learning rate
            (
                "def updated(w, x, y, eta):\n    return [w[0] + eta * x[0], w[1] + eta * x[1], w[2]]",
                "2 of 3 are right. number 3",
            ),
            (
                "def updated(w, x, y, eta):\n    return [w[0] - eta, w[1] - eta, w[2] - eta]",
                "0 of 3 are right. number 1",
            ),
        ],
        [
            ("answer = 0.25", "That is what arrives, ds/dv: multiply it by the local partial 4."),
            ("answer = 4", "That is the local partial 4: multiply it by what arrives, ds/dv."),
            ("answer = -1", "The size is right, and the sign is wrong"),
        ],
        [
            ("def output(a1, a2):\n    return f(a1 + a2 - 0.5)", "1 of 3 are right. number 1"),
            ("def output(a1, a2):\n    return f(a1 - 2 * a2 - 0.5)", "1 of 3 are right. number 2"),
        ],
    ],
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
    "02_by_hand": [
        [("answer = [4, 5]", "0 of 2 are right"), ("answer = [3, 5]", "1 of 2 are right. number 2: Not this number.")],
        [
            ("answer = [0.4457, 0.2228, 0.2228]", "0 of 3 are right. ∂C/∂w1: The size is right, and the sign is wrong"),
            (
                "answer = [-0.2228, -0.2228, -0.2228]",
                "∂C/∂w1: That is what arrives, ∂C/∂z: multiply it by the local partial 2",
            ),
            ("answer = [-0.4457, -0.2228, 0]", "2 of 3 are right. ∂C/∂b: Not this number: it is ∂C/∂z · 1."),
            ("answer = [2, 1, 1]", "∂C/∂w1: That is the local partial 2: multiply it by what arrives, ∂C/∂z."),
        ],
        [
            ("answer = 0.5 * -0.4457", "the sign is wrong"),
            ("answer = 0.5 + 0.5 * 0.4457", "Not this number."),
            ("answer = 0.4457", "Not this number."),
        ],
        [
            (stages.replace("w - eta", "w + eta").replace("b - eta", "b + eta"), "0 of 2 are right"),
            (stages.replace("2 * (", "("), "0 of 2 are right"),
            (stages.replace(", b - eta * to_z", ", b"), "0 of 2 are right"),
            (stages.replace(" * predicted * (1 - predicted)", ""), "0 of 2 are right"),
        ],
        [
            ("answer = [0.0631, 0.0155, 0.0311]", "∂E/∂a[1]_2: You forgot a path: a[1]_2 is used 2 times"),
            ("answer = [0.0435, 0.2461, 0.0214]", "2 of 3 are right. ∂E/∂z[1]_2: That is the local partial"),
            ("answer = [0.0435, 0.0107, 0.0107]", "2 of 3 are right. ∂E/∂w[1][2,1]: That is what arrives, ∂E/∂z[1]_2"),
        ],
        [
            (
                "answer = 0.1048",
                "You forgot a path: b[2] is used 2 times, and yours is the sum of 1 of 2 contributions.",
            ),
            ("answer = 1", "That is the local partial 1: multiply it by what arrives"),
        ],
    ],
    "03_matrix_form": [
        [
            (
                "answer = [1 - 0.5557, -0.5664]",
                "0 of 2 are right. ∂J/∂z[2]_1: The size is right, and the sign is wrong",
            ),
            (
                "answer = [-1 / 0.5557, 1 / (1 - 0.5664)]",
                "∂J/∂z[2]_1: That is what arrives, ∂J/∂a[2]_1: multiply it by",
            ),
            ("answer = [(0.5557 - 1) * 0.5557 * (1 - 0.5557), 0.5664 * 0.5664 * (1 - 0.5664)]", "0 of 2 are right"),
        ],
        [
            ("answer = [-0.1, -0.04]", "0 of 2 are right"),
            ("answer = [0.1, 0.055]", "0 of 2 are right"),
            ("answer = [0, -0.02]", "0 of 2 are right"),
        ],
        [
            (back.format("((theta.T @ delta) * a)[1:]"), "0 of 2 are right"),
            (back.format("(theta.T @ delta)[1:]"), "∂J/∂z[1]_1: That is what arrives, ∂J/∂a[1]_1: multiply it by"),
            (back.format("(theta[:, 1:] @ delta) * a[1:] * (1 - a[1:])"), "0 of 2 are right"),
        ],
        [
            (
                "answer = [(0.2208 + 0.5 * 0.3) / 4, (0.1417 + 0.5 * 0.0225) / 4]",
                "1 of 2 are right. number 1: Not this number.",
            ),
            ("answer = [0.2208, 0.1417 + 0.5 * 0.0225]", "0 of 2 are right"),
        ],
    ],
}

# Notebooks 4 to 11.

_BACKWARD = """
def mine(J, edges, nodes):
    order = []

    def visit(node):
        if node not in order:
            for operand, _ in edges.get(node, []):
                visit(operand)
            order.append(node)

    visit(J)
    adjoint = dict.fromkeys(order, 0.0)
    adjoint[J] = 1.0
    for node in reversed(order):
        for operand, partial in edges.get(node, []):
            adjoint[operand] += adjoint[node] * partial
    return [adjoint[node] for node in nodes]
"""
_TOO_EARLY = """
def mine(J, edges, nodes):
    adjoint, waiting = {J: 1.0}, [J]
    for node in waiting:
        for operand, partial in edges.get(node, []):
            adjoint[operand] = adjoint.get(operand, 0.0) + adjoint[node] * partial
            if operand not in waiting:
                waiting.append(operand)
    return [adjoint[node] for node in nodes]
"""

WRONG["04_train_moons"] = [
    [
        ("answer = [2 * 16, 16 * 16, 16 * 1]", "0 of 3 are right. number 1: Not this number."),  # no biases
        ("answer = [2 * 16 + 1, 16 * 16 + 1, 16 + 1]", "1 of 3 are right. number 1: Not this number."),  # one a layer
    ],
    [
        ("answer = [2 + 0.1 * 18, 1 + 0.1 * 6]", "0 of 2 are right."),  # uphill
        ("answer = [2 - 18, 1 - 6]", "0 of 2 are right."),  # without the learning rate
        ("answer = [2 - 0.1 * 18, 1 - 0.1 * 18]", "1 of 2 are right. number 2: Not this number."),
    ],
    [
        ("answer = [1, -1, 0]", "That is the local partial 1: multiply it by what arrives"),  # without the mean
        ("answer = [-1 / 3, 1 / 3, 0]", "1 of 3 are right. ∂L/∂s1: The size is right, and the sign is wrong"),
        ("answer = [1 / 3, -1 / 3, -1 / 3]", "2 of 3 are right. ∂L/∂s3: Not this number"),
    ],
    [("answer = -4.8", "Not this number."), ("answer = 10.8", "the sign is wrong")],
]
WRONG["05_optimisers"] = [
    [
        ("answer = [1, 3, 8, 60]", "3 of 4 are right. number 3: Not this number."),  # without the rest
        ("answer = [60, 20, 7, 1]", "0 of 4 are right."),
    ],
    [
        ("answer = [3.2, 2.56]", "1 of 2 are right. number 2: Not this number."),  # gradient descent
        ("answer = [4.8, 6.64]", "0 of 2 are right."),  # uphill
    ],
    [
        (
            "def mine(slope, w, lr, momentum, steps):\n    return [w * (1 - 2 * lr) ** k for k in range(6)]",
            "2 of 6 are right",
        ),
        (
            "def mine(slope, w, lr, momentum, steps):\n"
            "    v, positions = 0.0, []\n"
            "    for _ in range(steps + 1):\n"
            "        v = momentum * v + slope(w)\n"
            "        w = w - lr * v\n"
            "        positions.append(w)\n"
            "    return positions",
            "0 of 6 are right. number 1: Not this number.",  # without the first position
        ),
    ],
    [
        ("answer = [0.01, 1]", "0 of 2 are right. number 1: Not this number."),  # gradient descent
        ("answer = [10, 0.1]", "0 of 2 are right. number 1: Not this number."),  # without the root
        ("answer = [0.1, 0.1]", "0 of 2 are right. number 1: Not this number."),  # s = g²
    ],
    [
        ("answer = 1 / 6", "Not this number."),  # 1 / curvature
        ("answer = 2 / 3", "Not this number."),  # the curvature taken for 3
    ],
    [
        ("answer = 3", "Not this number."),  # counted from 0
        ("answer = 8", "Not this number."),  # the last
    ],
]
WRONG["06_why_order_matters"] = [
    [
        ("answer = 84", "You forgot a path: a is used 2 times, and yours is the sum of 1 of 2 contributions."),
        ("answer = 36", "You forgot a path: a is used 2 times, and yours is the sum of 1 of 2 contributions."),
        ("answer = -120", "the sign is wrong"),
        ("answer = 12", "That is the local partial"),
    ],
    [
        ("answer = [2, 3, 4]", "1 of 3 are right. number 1: Not this number."),  # b does not wait for c
        ("answer = [2, 2, 3]", "1 of 3 are right. number 1: Not this number."),
    ],
    [
        (_BACKWARD.replace("+=", "="), "You forgot a path"),
        (_TOO_EARLY, "5 of 6 are right. dJ/dx: Not this number: it is dJ/da · 2 * x."),
        (_BACKWARD.replace("reversed(order)", "order"), "Not this number"),
        (_BACKWARD.replace("reversed(order)", "reversed(edges)"), "Not this number"),  # as they stand in the dictionary
        (_BACKWARD.replace("reversed(order)", "edges"), "You forgot a path: a is used 3 times"),
    ],
    [
        ("answer = [30, 5]", "1 of 2 are right. number 1: Not this number."),
        ("answer = [90, 15]", "1 of 2 are right. number 2: Not this number."),
    ],
    [
        ("answer = [20, 40]", "1 of 2 are right. number 1: Not this number."),  # added, not multiplied
        ("answer = [1024, 1024]", "1 of 2 are right. number 2: Not this number."),
    ],
]
WRONG["10_tiny_gpt"] = [
    [
        ("answer = [27 * 16, 16 * 16, 65 * 16, 4192]", "3 of 4 are right. number 3: Not this number."),
        ("answer = [27, 16, 64, 107]", "0 of 4 are right."),
    ],
    [
        ("answer = [0, 0.301, 0.699]", "0 of 3 are right."),  # z itself, as shares
        ("answer = [1, 2, 5]", "0 of 3 are right."),  # not divided
    ],
    [
        ("answer = [1 / 27, 1 / 2, 1 / 2]", "0 of 3 are right."),
        ("answer = [-3.296, -0.693, 0.693]", "1 of 3 are right. number 1: The size is right, and the sign is wrong"),
        ("answer = [3.296, 0.693, 2]", "2 of 3 are right. number 3: Not this number."),
    ],
]
WRONG["07_higher_derivatives"] = [
    [("answer = [8, 12, 12, 6]", "2 of 4 are right. number 3: Not this number.")],  # without the factorials
    [
        ("answer = 1 - 1 / 4", "Not this number."),  # looks for a zero
        ("answer = 1 + 4 / 12", "Not this number."),
        ("answer = 1 - 4", "Not this number."),  # gradient descent
    ],
    [
        ("answer = [10, 6, 0]", "2 of 3 are right. number 3: Not this number."),
        ("answer = [30, 19, 2]", "1 of 3 are right. number 1: Not this number."),  # the gradient
    ],
]
WRONG["08_compile"] = [
    [
        ("answer = [5, 2, 2]", "2 of 3 are right. number 3: Not this number."),  # exp once more
        ("answer = [2, 1, 1]", "1 of 3 are right. number 1: Not this number."),  # the value alone
    ],
    [
        ("answer = [0, 0, 0, 1]", "1 of 4 are right. number 1: Not this number."),
        ("answer = [1, 1, 1, 1]", "2 of 4 are right. number 2: Not this number."),
    ],
    [
        ("answer = [2, 0, 2]", "2 of 3 are right. number 2: Not this number."),  # a forgotten path
        ("answer = [0, 1, 2]", "2 of 3 are right. number 1: Not this number."),
    ],
]
WRONG["11_digits"] = [
    [("answer = [64 * 32, 32 * 10]", "0 of 2 are right."), ("answer = [2080, 320]", "1 of 2 are right.")],
    [
        ("answer = [23 / 30, 8 / 10]", "1 of 2 are right. number 2: Not this number."),  # the row
        ("answer = [7 / 30, 8 / 12]", "1 of 2 are right. number 1: Not this number."),
    ],
    [
        ("answer = [0.2, 0.3, 0.5]", "2 of 3 are right. ∂L/∂z3: "),
        ("answer = [-0.2, -0.3, 0.5]", "0 of 3 are right. ∂L/∂z1: The size is right, and the sign is wrong"),
    ],
]
