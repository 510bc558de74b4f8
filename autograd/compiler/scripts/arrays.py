"""Where the numbers of a plan lie in a script: arrays with names, of which the function keeps the memory.

>>> from autograd.compiler.groups.arrays import Access, Array
>>> index(Access(Array("x"), 4, 3, 1), "i", "j"), index(Access(Array("x"), 0, 1), "i", "j")
('4 + 3 * i + j', 'i')
"""

from __future__ import annotations

from itertools import count

from autograd.compiler.groups.arrays import Access, Array, Gather, Group
from autograd.compiler.groups.plan import Plan
from autograd.compiler.listing import identifier
from autograd.compiler.lists.variables import Variables
from autograd.compiler.scripts.language import RESERVED
from autograd.reading.graph import free, numbered
from autograd.table.rules import ROWS

_WORDS = "check dp failure finite memory order own p room slopes slots value zeros"
OWN = frozenset(_WORDS.split())  # names of the script's own
LOCAL = frozenset(["d", "i", "j", "lost", "part", "s", "term", "total", "y"])  # those within its loops


def index(access: Access, i: str, j: str = "0") -> str:
    """The text of the index that member i reads, at element j."""
    found = [str(access.base)] if access.base else []
    for step, letter in ((access.di, i), (access.dj, j)):
        if step and letter != "0":
            found.append(letter if step == 1 else f"{step} * {letter}")
    return " + ".join(found) or "0"


class Arrays:
    """The names of the arrays of a plan and of their adjoints, and the texts of elements.

    inputs   the names of the inputs as arguments
    copied   whether parameters lie in memory once more, in the order in which they are read
    own      the places of the adjoints of nodes in segments that are wanted
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.found = found = plan.grouped
        trace = plan.trace
        taken = {*RESERVED, *ROWS, *OWN, *(f"part{k}" for k in range(1_000))}
        self.end = free(identifier(trace.labels[trace.root]), taken)
        self.inputs = [free(identifier(label), taken) for label in trace.labels[: trace.inputs]]
        taken |= LOCAL
        self.taken = taken
        self.copied = len(found.parameters) > len(trace.parameters)
        self.names: dict[Array, str] = {found.inputs: free("given", taken), found.constants: free("constants", taken)}
        self.names[found.parameters] = free("copies", taken) if self.copied else "p"
        variables = Variables(plan, taken)
        for stage in found.stages:
            if isinstance(stage, Group):
                self.names[stage] = free(variables.of[stage].name, taken)
            else:
                stem = "gathered" if isinstance(stage, Gather) else "single"
                self.names[stage] = numbered(stem, count(1), taken)
        self.adjoints = {
            array: "dp" if name == "p" else free(f"d{name}", taken)
            for array, name in self.names.items()
            if array in plan.moving and array is not plan.final
        }
        self.own: dict[int, int] = {}

    def element(self, node: int) -> str:
        """The text of a node."""
        array, place = self.found.place(node)
        return f"{self.names[array]}[{place}]"

    def slope(self, node: int) -> tuple[str, int]:
        """Where the derivative with respect to a node is, an array and the place in it; or a number, and -1."""
        trace = self.plan.trace
        if trace.inputs <= node < trace.leaves:
            return "dp", node - trace.inputs
        if node in self.own:
            return "own", self.own[node]
        array, place = self.found.place(node)
        return (self.adjoints[array], place) if array in self.adjoints else ("0", -1)
