"""The table of derivatives: one row per elementary operation, and all the calculus there is in this project.

A row gives the operation's value and one local partial per operand, as a calculus book writes them. `a`, `b`, `c` are
the operands, `y` is the result:

>>> ROWS["sin"].value, ROWS["sin"].partials
('sin(a)', ('cos(a)',))

Everything else reads these texts: the eager engine computes with them, the steps and the pictures print them, and the
README shows them. Where the textbook form loses digits, overflows or is undefined at a kink, `computed` holds the form
that is evaluated instead; the tests hold both equal. Where that form in turn would lose the digits of its derivative,
`differentiated` holds the one that higher derivatives are taken of: tanh'' is that of sech(a) ** 2. A value that only
names its own row (`sin(a)`) is computed by the C library, through Python's `math`.

Rows of a second kind take any number of operands: a letter in `vectors` stands for a whole sequence, and a partial for
one element of it, so that `dot` has the value `sum(a * b) + c` and the partials `b`, `a` and `1`.

The language of the texts is defined in `autograd.table.expression`. `autograd.primitive` adds a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from autograd.table.output import legible

LETTERS = "abcd"
OPERATORS = ("add", "sub", "mul", "div", "mod", "pow", "neg", "abs")  # what Python writes with a sign, and abs(a)


class Row:
    """One operation: its value and its local partials as texts.

    domain          where the operation is defined, for the error message; "" where every finite number will do
    convention      what holds where the derivative does not exist (a kink, a tie)
    kink            what `a` is equal to where value or slope has a kink or a jump: a text; "" where it has none
    slope_of        the row that this one is the slope of, and not to be differentiated at the kink: see `as_slope`
    computed        the texts that are evaluated where they differ from those shown: "y" the value, "a" a partial
    differentiated  the texts that derivatives of the partials are taken of, where they differ from the computed ones
    vectors         the operand letters that stand for a sequence of operands
    defaults        numbers for trailing operands that may be left out
    function        Python's own function for the value, where there is no text for it
    """

    __slots__ = (
        "computed", "convention", "defaults", "differentiated", "domain", "function", "kink", "name", "partials",
        "slope_of", "value", "vectors",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        value: str,
        *partials: str,
        domain: str = "",
        convention: str = "",
        kink: str = "",
        computed: Mapping[str, str] | None = None,
        differentiated: Mapping[str, str] | None = None,
        vectors: str = "",
        defaults: Mapping[str, float] | None = None,
    ) -> None:
        self.name = name
        self.value = value
        self.partials = partials
        self.domain = domain
        self.convention = convention
        self.kink = kink
        self.slope_of = ""
        self.function: Callable[..., float] | None = None
        self.computed = dict(computed or {})
        self.differentiated = dict(differentiated or {})
        self.vectors = vectors
        self.defaults = dict(defaults or {})

    is_opaque = False  # whether there are no texts

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of the value, of the partials and of the domain."""
        return self.value, *self.partials, self.domain

    @property
    def letters(self) -> str:
        """The operand letters: "a", "ab" or "abc"."""
        return LETTERS[: len(self.partials)]

    def computed_value(self) -> str:
        """The text that is evaluated for the result."""
        return self.computed.get("y", self.value)

    def computed_partial(self, letter: str) -> str:
        """The text that is evaluated for the local partial of one operand."""
        return self.computed.get(letter, self.partials[LETTERS.index(letter)])

    def differentiated_partial(self, letter: str) -> str:
        """The text of the local partial of one operand of which higher derivatives are taken."""
        return self.differentiated.get(letter) or self.computed_partial(letter)

    @property
    def is_basic(self) -> bool:
        """Whether the value only names the row itself: one operator, or one function of the C library."""
        called = f"{self.name}({', '.join(self.letters)})"
        return self.computed_value() == called or (self.name in OPERATORS and "y" not in self.computed)

    @property
    def native(self) -> str:
        """The first row among this one and those in its texts whose value is a function of Python's; "" if none is."""
        found, waiting = {self.name}, [self]
        while waiting:
            row = waiting.pop()
            if row.function is not None:
                return row.name
            called = row.mentioned - found
            waiting += [ROWS[name] for name in sorted(called)]
            found |= called
        return ""

    @property
    def mentioned(self) -> set[str]:
        """The names of the rows that its texts mention."""
        return {*re.findall(r"\b(\w+)\(", " ".join(self.texts))} & ROWS.keys()

    @property
    def is_many(self) -> bool:
        """Whether a node keeps its operands in one tuple: vectors, or more than two of them."""
        return bool(self.vectors) or len(self.letters) > 2

    def needs_whole_vector(self, text: str) -> bool:
        """Whether a text for one element first reduces the whole vector that the element belongs to."""
        return bool(self.vectors) and ";" in text

    def as_slope(self, of: str) -> Row:
        """The same operation in the slope of a row, which has no derivative of its own at 0, where that has its kink.

        >>> ROWS["sign"].computed_partial("a"), ROWS["sign"].as_slope("abs").computed_partial("a")
        ('0', '0 if a != 0 else 0 / a')
        """
        computed = self.computed | {"a": f"{self.partials[0]} if a != 0 else 0 / a"}
        slope = Row(self.name, self.value, *self.partials, convention=self.convention, computed=computed)
        slope.slope_of = of
        return slope

    def __repr__(self) -> str:
        return legible(f"Row({', '.join(map(repr, (self.name, self.value, *self.partials)))})")


# fmt: off
_ERFC = (  # (1 + 2 a) exp(a²) erfc(a) in t = (a - 3.5) / (a + 3.5); its error is at most 2^-54.0 of it from 0.5 to 27.3
    1.2423492448711544, -0.1400091801376207, -0.01055559633221801, 0.09751909515341635, -0.11508959816021656,
    0.08798315381919786, -0.04882332582717341, 0.019099331035784137, -0.004215019918006711, -0.0003022687232079619,
    0.0005643844968840989, -0.00012150781618423311, -4.278259540047007e-05, 2.4245219991892923e-05,
    2.329324415230715e-06, -3.7805532226319414e-06, -4.591710718636121e-08, 5.555282562430163e-07,
    -6.416137683861762e-09, -6.009784237914824e-08,
)
_SINC = (  # of sinc' / a in a²: the Taylor series
    -3.289868133696453, 3.2469697011334144, -1.1445109447325053, 0.2091827825412384, -0.023460810354558236,
    0.001781145516372852, -9.766223126318933e-05, 4.049947846619244e-06, -1.3148481279991994e-07,
    3.4330769499642866e-09, -7.365893777096947e-11, 1.3217901389162318e-12,
)
_NOT_A = "a / 2 - copysign(1, a)"  # a number other than a, whatever a is


def _polynomial(x: str, coefficients: tuple[float, ...]) -> str:
    """A polynomial as a text, by Horner's rule.

    >>> _polynomial("a", (3.0, 2.0, 1.0))
    '3.0 + a * (2.0 + a * (1.0))'
    """
    return f" + {x} * (".join(map(repr, coefficients)) + ")" * (len(coefficients) - 1)


_TABLE = (
    # Arithmetic.
    #   operation    value                      dy/da                          dy/db
    Row("add",       "a + b",                   "1",                           "1"),
    Row("sub",       "a - b",                   "1",                           "-1"),
    Row("mul",       "a * b",                   "b",                           "a"),
    Row("div",       "a / b",                   "1 / b",                       "-y / b",             domain="b != 0"),
    Row("mod",       "a % b",                   "1",                           "-floor(a / b)",
        domain="b != 0, finite a", convention="the sign of b, as in Python; the slopes beside a jump at it",
        kink=f"a if fmod(a, b) == 0 else {_NOT_A}",
        computed={"y": "r = fmod(a, b); (r + b if b > 0 else r) if r < 0 else (r + b if b < 0 else r) if r > 0"
                       " else copysign(r, b)", "b": "round(y / b - a / b)"}),
    Row("pow",       "a ** b",                  "b * a ** (b - 1)",            "y * log(a)",
        domain="a > 0, or integer b; b >= 0 where a = 0; the real cube root is cbrt(a)",
        convention="dy/da = 0 where b = 0; dy/db = 0 where a = 0 and b > 0",
        # b - 1 is exact for 1/2 <= b < 2 ** 53 only; elsewhere its rounding would be magnified by log(a).
        # 0 stands only where a and b are both 0: elsewhere it would be wrong for the second derivative by a and b.
        computed={"a": "(b * a ** (b - 1) if b < 9007199254740992 else 0 if a == 0 else b * y / a) if b >= 0.5"
                       " else b * y / a if b < 0 else b * y / a if a != 0 else 0 if b == 0 else b * a ** (b - 1)",
                  "b": "(0 if b > 0 else log(a)) if a == 0 else y * log(a)"},
        # As a ** b * log(a), this power has as many derivatives at a = 0 as there are whole numbers below b.
        differentiated={"b": "(a ** (0.9999999999999999 * b) if b > 0 else log(a)) if a == 0 else y * log(a)"}),
    Row("neg",       "-a",                      "-1"),
    Row("abs",       "abs(a)",                  "sign(a)",                     convention="dy/da = 0 at a = 0",
        kink="0"),

    # Exponentials, logarithms, roots.
    Row("exp",       "exp(a)",                  "y"),
    Row("exp2",      "2 ** a",                  "y * log(2)",
        computed={"a": "0.6931471805599453 * y"}),
    Row("expm1",     "expm1(a)",                "y + 1",                       computed={"a": "exp(a)"}),
    Row("log",       "log(a)",                  "1 / a",                       domain="a > 0"),
    Row("log1p",     "log1p(a)",                "1 / (1 + a)",                 domain="a > -1"),
    Row("log2",      "log2(a)",                 "1 / (a * log(2))",            domain="a > 0",
        computed={"a": "1.4426950408889634 / a"}),
    Row("log10",     "log10(a)",                "1 / (a * log(10))",           domain="a > 0",
        computed={"a": "0.4342944819032518 / a"}),
    Row("sqrt",      "sqrt(a)",                 "1 / (2 * y)",                 domain="a >= 0",
        computed={"a": "0.5 / y"}),
    Row("cbrt",      "cbrt(a)",                 "1 / (3 * y ** 2)",
        # y / a errs with y, 1 / y ** 2 by minus twice as much: together the error of the cube root cancels.
        computed={"a": "(2 * y / a + 1 / (y * y)) / 9"}),

    # Trigonometric functions and their inverses.
    Row("sin",       "sin(a)",                  "cos(a)"),
    Row("cos",       "cos(a)",                  "-sin(a)"),
    Row("tan",       "tan(a)",                  "1 + y ** 2",                  computed={"a": "1 + y * y"}),
    Row("sinc",      "sin(pi * a) / (pi * a)",  "(cos(pi * a) - y) / a",
        convention="y = 1 and dy/da = 0 at a = 0",
        # a less the nearest even number is exact, and so is what is left of that to the nearest number.
        computed={"y": "r = a - 2 * round(a / 2); s = r if abs(r) <= 0.5 else (1 if r > 0 else -1) - r;"
                       " 1 if a == 0 else sin(pi * s) / (pi * a)",
                  "a": f"r = a - 2 * round(a / 2); z = a * a; a * ({_polynomial('z', _SINC)}) if abs(a) < 0.5"
                       " else (sin(pi * (0.5 - abs(r))) - y) / a"},
        differentiated={"a": f"r = a - 2 * round(a / 2); h = a if abs(a) < 0.5 else 0; z = h * h;"
                             f" h * ({_polynomial('z', _SINC)}) if abs(a) < 0.5 else (cos(pi * r) - y) / a"}),
    Row("asin",      "asin(a)",                 "1 / sqrt(1 - a ** 2)",        domain="-1 <= a <= 1",
        # (1 - a) * (1 + a) has the digits of 1 - a ** 2, but near 0 not those of its derivative.
        computed={"a": "1 / sqrt((1 - a) * (1 + a))"}, differentiated={"a": "cosh(atanh(a))"}),
    Row("acos",      "acos(a)",                 "-1 / sqrt(1 - a ** 2)",       domain="-1 <= a <= 1",
        computed={"a": "-1 / sqrt((1 - a) * (1 + a))"}, differentiated={"a": "-cosh(atanh(a))"}),
    Row("atan",      "atan(a)",                 "1 / (1 + a ** 2)",
        computed={"a": "h = hypot(1, a); 1 / h / h"}),
    Row("atan2",     "atan2(a, b)",             "b / (a ** 2 + b ** 2)",       "-a / (a ** 2 + b ** 2)",
        # Halves, because the hypotenuse of two large numbers may overflow; those of the smallest float are 0.
        computed={"a": "h = hypot(a / 2, b / 2); r = h if h > 0 else abs(a) + abs(b); b / r / 4 / r",
                  "b": "h = hypot(a / 2, b / 2); r = h if h > 0 else abs(a) + abs(b); -a / r / 4 / r"},
        # p alone would lose the digits of (a - b) * (a + b) / h ** 4; s² + d² is 1, and its derivative 0.
        differentiated={"a": "u = a / 2; v = b / 2; h = hypot(u, v); p = b / h / 4 / h; s = 2 * (a * p);"
                             " d = (u - v) / h * ((u + v) / h); p * (1 + s * s * (1 - s * s - d * d) / 2)",
                        "b": "u = a / 2; v = b / 2; h = hypot(u, v); p = -a / h / 4 / h; s = 2 * (b * p);"
                             " d = (u - v) / h * ((u + v) / h); p * (1 + s * s * (1 - s * s - d * d) / 2)"}),
    Row("hypot",     "hypot(a, b)",             "a / y",                       "b / y",
        # u alone would lose the digits of its derivative b² / y³ where a ≫ b; the factor is 1, and its derivative 0.
        differentiated={"a": "u = a / y; v = b / y; u * ((3 - u * u - v * v) / 2)",
                        "b": "u = a / y; v = b / y; v * ((3 - u * u - v * v) / 2)"}),

    # Hyperbolic functions and their inverses.
    Row("sinh",      "sinh(a)",                 "cosh(a)"),
    Row("cosh",      "cosh(a)",                 "sinh(a)"),
    Row("tanh",      "tanh(a)",                 "1 - y ** 2",
        computed={"a": "4 * sigmoid(2 * a) * sigmoid(-2 * a)"}, differentiated={"a": "s = sech(a); s * s"}),
    Row("sech",      "1 / cosh(a)",             "-y * tanh(a)",
        computed={"y": "u = exp(-abs(a)); 2 * u / (1 + u * u)"}),
    Row("asinh",     "asinh(a)",                "1 / sqrt(a ** 2 + 1)",        computed={"a": "1 / hypot(a, 1)"}),
    Row("acosh",     "acosh(a)",                "1 / sqrt(a ** 2 - 1)",        domain="a >= 1",
        computed={"a": "1 / sqrt(a - 1) / sqrt(a + 1)"}),
    Row("atanh",     "atanh(a)",                "1 / (1 - a ** 2)",            domain="-1 < a < 1",
        computed={"a": "1 / ((1 - a) * (1 + a))"}, differentiated={"a": "c = cosh(y); c * c"}),

    # Activations and the normal distribution.
    Row("sigmoid",   "1 / (1 + exp(-a))",       "y * (1 - y)",
        computed={"y": "u = exp(-abs(a)); (1 if a >= 0 else u) / (1 + u)", "a": "y * sigmoid(-a)"},
        differentiated={"a": "s = sech(a / 2); s * s / 4"}),
    Row("softplus",  "log(1 + exp(a))",         "sigmoid(a)",
        computed={"y": "log1p(exp(-abs(a))) + (0 if a <= 0 else a)"}),
    Row("log_sigmoid", "-log(1 + exp(-a))",     "sigmoid(-a)",                 computed={"y": "-softplus(-a)"}),
    Row("logaddexp", "log(exp(a) + exp(b))",    "exp(a - y)",                  "exp(b - y)",
        # What a - b is rounded by, exp would magnify; sigmoid(d + e) is sigmoid(d) (1 + e sigmoid(-d)).
        computed={"y": "m = maximum(a, b); m if m - m != 0 else m + log1p(exp(-abs(a - b)))",
                  "a": "d = a - b; t = d - a; s = sigmoid(d);"
                       " s if abs(d) > 800 else s * (1 + ((a - (d - t)) - (b + t)) * sigmoid(-d))",
                  "b": "d = b - a; t = d - b; s = sigmoid(d);"
                       " s if abs(d) > 800 else s * (1 + ((b - (d - t)) - (a + t)) * sigmoid(-d))"},
        # Halves, because a - b may overflow; at the limits, which nobody is to hit, both are 0 or 1.
        differentiated={"a": "sigmoid(2 * maximum(minimum(a / 2 - b / 2, 400.123456789), -400.123456789))",
                        "b": "sigmoid(2 * maximum(minimum(b / 2 - a / 2, 400.123456789), -400.123456789))"}),
    Row("softsign",  "a / (1 + abs(a))",        "1 / (1 + abs(a)) ** 2",       kink="0",
        computed={"a": "h = 1 / (1 + abs(a)); h * h"}),
    Row("silu",      "a * sigmoid(a)",          "sigmoid(a) * (1 + a * (1 - sigmoid(a)))",
        # exp(a) alone would have lost digits where it is subnormal, and a times it is not.
        computed={"y": "a / (1 + exp(-a)) if a > -700 else a * exp(a / 2) * exp(a / 2)",
                  "a": "sigmoid(a) + y * sigmoid(-a)"},
        differentiated={"a": "s = sech(a / 2); sigmoid(a) + a * s * s / 4"}),
    Row("mish",      "a * tanh(softplus(a))",
        "tanh(softplus(a)) + a * sigmoid(a) * (1 - tanh(softplus(a)) ** 2)",
        computed={"y": "a * tanh(softplus(a)) if a > -700 else a * exp(a / 2) * exp(a / 2)",
                  "a": "p = softplus(a); s = sech(p); tanh(p) + silu(a) * (s * s)"}),
    Row("relu",      "maximum(a, 0)",           "heaviside(a, 0)",             convention="dy/da = 0 at a = 0",
        kink="0", computed={"y": "0 if a <= 0 else a", "a": "1 if a > 0 else 0"}),
    Row("leaky_relu", "maximum(a, 0) + b * minimum(a, 0)", "heaviside(a, 0) + b * heaviside(-a, 1)",
        "a * heaviside(-a, 1)", convention="dy/da = b at a = 0", kink="0", defaults={"b": 0.01},
        computed={"y": "a if a > 0 else b * a", "a": "1 if a > 0 else b", "b": "0 if a > 0 else a"}),
    Row("elu",       "maximum(a, 0) + b * expm1(minimum(a, 0))", "heaviside(a, 0) + b * exp(a) * heaviside(-a, 1)",
        "expm1(a) * heaviside(-a, 1)", convention="dy/da = b at a = 0", kink="0", defaults={"b": 1.0},
        computed={"y": "a if a > 0 else b * expm1(a)", "a": "1 if a > 0 else b * exp(a)",
                  "b": "0 if a > 0 else expm1(a)"}),
    Row("selu",      "1.0507009873554805 * elu(a, 1.6732632423543772)",
        "1.0507009873554805 * (heaviside(a, 0) + 1.6732632423543772 * exp(a) * heaviside(-a, 1))",
        convention="dy/da = 1.758... at a = 0", kink="0",
        computed={"y": "1.0507009873554805 * a if a > 0 else 1.7580993408473766 * expm1(a)",
                  "a": "1.0507009873554805 if a > 0 else 1.7580993408473766 * exp(a)"}),
    Row("gaussian",  "exp(-a ** 2)",            "-2 * a * y",
        # a * a is split into an exact part and a remainder: exp would magnify its rounding by a ** 2.
        computed={"y": "t = 134217729 * a; h = t - (t - a);"
                       " 0 if abs(a) > 28 else exp(-h * h) * exp((h - a) * (h + a))",
                  "a": "-2 * (a * y)"}),
    Row("erf",       "erf(a)",                  "2 / sqrt(pi) * exp(-a ** 2)",
        computed={"a": "1.1283791670955126 * gaussian(a)"}),
    Row("erfc",      "1 - erf(a)",              "-2 / sqrt(pi) * exp(-a ** 2)",
        computed={"y": f"t = (a - 3.5) / (a + 3.5); 1 - erf(a) if a < 0.5 else gaussian(a) / (1 + 2 * a)"
                       f" * ({_polynomial('t', _ERFC)})", "a": "-1.1283791670955126 * gaussian(a)"}),
    Row("gelu",      "a * (1 + erf(a / sqrt(2))) / 2",
        "(1 + erf(a / sqrt(2))) / 2 + a * exp(-a ** 2 / 2) / sqrt(2 * pi)",
        computed={"y": "a * (erfc(-0.7071067811865476 * a) / 2)",
                  "a": "u = 0.7071067811865476 * a; erfc(-u) / 2 + 0.3989422804014327 * a * gaussian(u)"}),
    Row("gelu_tanh", "a * (1 + tanh(sqrt(2 / pi) * (a + 0.044715 * a ** 3))) / 2",
        "(1 + tanh(sqrt(2 / pi) * (a + 0.044715 * a ** 3))) / 2 + a / 2 * sqrt(2 / pi) * (1 + 3 * 0.044715 * a ** 2)"
        " * (1 - tanh(sqrt(2 / pi) * (a + 0.044715 * a ** 3)) ** 2)",
        computed={"y": "a * sigmoid(1.5957691216057308 * a * (1 + 0.044715 * a * a))",
                  # From 30 on nothing changes; a limit that is no round number, as nobody is to hit its kink.
                  "a": "c = maximum(minimum(a, 30.123456789), -30.123456789); g = 0.044715 * c * c;"
                       " v = 1.5957691216057308 * c * (1 + g); s = sech(v / 2);"
                       " sigmoid(v) + a * s * s * (0.3989422804014327 * (1 + 3 * g))"}),

    # Choices, and the functions that choose.
    Row("maximum",   "maximum(a, b)",           "heaviside(a - b, 1 / 2)",     "heaviside(b - a, 1 / 2)",
        convention="a tie gives 1/2 and 1/2", kink="b",
        computed={"y": "a if a >= b else b if a < b else a + b",
                  "a": "1 if a > b else 0.5 if a == b else 0", "b": "1 if b > a else 0.5 if a == b else 0"}),
    Row("minimum",   "minimum(a, b)",           "heaviside(b - a, 1 / 2)",     "heaviside(a - b, 1 / 2)",
        convention="a tie gives 1/2 and 1/2", kink="b",
        computed={"y": "a if a <= b else b if a > b else a + b",
                  "a": "1 if a < b else 0.5 if a == b else 0", "b": "1 if b < a else 0.5 if a == b else 0"}),
    Row("heaviside", "heaviside(a, b)",         "0",                           "1 - abs(sign(a))",
        convention="y = b and dy/da = 0 at a = 0", kink="0",
        computed={"y": "1 if a > 0 else 0 if a < 0 else a + b", "b": "1 if a == 0 else 0"}),
    Row("sign",      "sign(a)",                 "0",                           convention="y = dy/da = 0 at a = 0",
        kink="0", computed={"y": "1 if a > 0 else -1 if a < 0 else a"}),
    Row("where",     "b if a != 0 else c",      "0",                           "abs(sign(a))",  "1 - abs(sign(a))",
        computed={"b": "1 if a != 0 else 0", "c": "0 if a != 0 else 1"}),

    # What jumps, and has the slope 0 in between.
    Row("round",     "round(a)",                "0",   convention="halves go to even numbers",
        kink=f"a if abs(a - round(a)) == 0.5 else {_NOT_A}",
        computed={"y": "a if abs(a) >= 4503599627370496"  # from there on all are whole; below, the sum rounds
                       " else copysign((abs(a) + 4503599627370496) - 4503599627370496, a)"}),
    Row("floor",     "floor(a)",                "0",   convention="dy/da = 0 at a jump, too", kink="floor(a)",
        computed={"y": "r = round(a); r if r <= a else r - 1 if r > a else a"}),
    Row("ceil",      "ceil(a)",                 "0",   convention="dy/da = 0 at a jump, too", kink="ceil(a)",
        computed={"y": "r = round(a); r if r >= a else r + 1 if r < a else a"}),
    Row("trunc",     "trunc(a)",                "0",   convention="dy/da = 0 at a jump, too",
        kink="trunc(a) if a != 0 else 1", computed={"y": "floor(a) if a >= 0 else ceil(a)"}),
    Row("fmod",      "fmod(a, b)",              "1",                           "-trunc(a / b)",
        domain="b != 0, finite a", convention="the sign of a, as in C; the slopes beside a jump at it",
        kink=f"a if (fmod(a, b) if a != 0 else 1) == 0 else {_NOT_A}", computed={"b": "round(y / b - a / b)"}),
    Row("copysign",  "copysign(a, b)",          "sign(a) * copysign(1, b)",    "0",
        convention="dy/da = 0 at a = 0; the sign of b = -0 counts", kink="0"),

    # Any number of operands: a (and b) stand for whole sequences, a partial for one element.
    Row("sum",       "sum(a)",                  "1",                           vectors="a"),
    Row("dot",       "sum(a * b) + c",          "b",                           "a",      "1",
        vectors="ab", defaults={"c": -0.0}),  # to which every number is added without a change
    Row("logsumexp", "log(sum(exp(a)))",        "exp(a - y)",                  vectors="a",
        domain="at least one operand",
        # exp(a - y) would magnify the rounding of y; differences to the largest operand are exact where it matters.
        computed={"y": "m = max(a); m if m - m != 0 else m + log(sum(exp(a - m)))",
                  "a": "m = max(a); s = sum(exp(a - m)); exp(a - m) / s"}),
)
# fmt: on

ROWS: dict[str, Row] = {row.name: row for row in _TABLE}
# What the texts above compare with is no operation that anybody differentiates: nothing depends on the choice of it.
REFERENCE = Row("max", "max(a)", "0", vectors="a")
BUILT_IN = frozenset(ROWS)  # `autograd.primitive` adds others
