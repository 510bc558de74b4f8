"""Folding: which nodes of a graph share one box of a picture, so that a large graph fits on a page.

>>> from autograd import Value
>>> total = Value(0.0, "start")
>>> for i in range(1, 5):
...     total = total + Value(1.0, f"x{i}") ** 2
>>> [group.title for group in groups(Graph(total), "sum")]
['J = sum of 5 terms']

A fold is "sum" (repeated additions), a word that the parts of a model begin with ("neuron", "layer"), or "alike" (what
was computed the same way is one box with a count). "auto" takes the first that leaves few enough boxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from autograd.engine.flow import values_in
from autograd.engine.value import Value, is_result
from autograd.reading.graph import Graph, free

MOST_BOXES = 200
SLICES = 40
MOST_WORDS = 8
Part = tuple[str, ...]
Key = TypeVar("Key")


class Group(NamedTuple):
    """Nodes that share a box, operands before results, what is written on it, the label that this names, the part."""

    title: str
    nodes: tuple[Value, ...]
    label: str = ""
    part: Part = ()


def groups(graph: Graph, how: str | None) -> list[Group]:
    """The groups of two and more nodes; all other nodes have a box of their own.

    Raises ValueError where no node belongs to such a part, TypeError for what is no word.
    """
    if how is None:
        return []
    if not isinstance(how, str):
        raise TypeError(f"fold is a word such as 'neuron', not {how!r}: fold=None gives every node a box of its own")
    parts = _by_part(graph)
    words = _words(parts.values())
    if how == "auto":
        spare = len(graph.labels) - MOST_BOXES  # as many boxes as a fold has to save
        folds = _folds(graph, parts, words[:MOST_WORDS])
        return next(found for found in folds if sum(len(group.nodes) - 1 for group in found) >= spare)
    if how not in ("sum", "alike", *words):
        known = ", ".join(map(repr, words))
        raise ValueError(
            f"nothing of this graph belongs to a {how!r}: fold is 'auto', 'sum', 'alike', None"
            f"{f', {known}' if known else ''}; y.within('neuron 1') states a part"
        )
    found = _parts_and_sums(graph, parts, None if how in ("sum", "alike") else how)
    return _with_alike(graph, found) if how == "alike" else found


def _folds(graph: Graph, parts: Mapping[Value, Part], words: list[str]) -> Iterator[list[Group]]:
    """The folds to try in turn: none, sums, parts from the smallest on, alike nodes, slices, which are always few."""
    found: list[Group] = []
    yield found
    for word in (None, *reversed(words)):
        found = _parts_and_sums(graph, parts, word)
        yield found
    yield _with_alike(graph, found)
    yield _slices(graph)


def _grouped(nodes: Iterable[Value], keys: Mapping[Value, Key]) -> dict[Key, tuple[Value, ...]]:
    """The nodes by key, where two and more share one."""
    found: dict[Key, list[Value]] = {}
    for node in nodes:
        if node in keys:
            found.setdefault(keys[node], []).append(node)
    return {key: tuple(members) for key, members in found.items() if len(members) > 1}


# Parts of a model.


def _by_part(graph: Graph) -> dict[Value, Part]:
    """The part of each node: the one stated for it, or between the weights and the output of a part, that one."""
    found = {node: node.part for node in graph.labels if node.part}
    inner = {node: part for node, part in found.items() if not is_result(node)}
    for node in graph.labels:
        if is_result(node) and node not in found:
            near = {inner[operand] for operand in values_in(node) if operand in inner}
            deepest = max(near, key=len, default=())
            if deepest and all(part == deepest[: len(part)] for part in near):
                inner[node] = deepest
    for node in reversed(graph.labels):
        if node in inner and {found.get(user) for user in graph.uses[node]} == {inner[node]}:
            found[node] = inner[node]
    return found


def _word(name: str) -> str:
    """The kind of a part: "layer" of "layer 1", "fc" of "fc12"."""
    word = (name.split() or [name])[0]
    return word.rstrip("0123456789") or word


def place(part: Part) -> tuple[tuple[str, ...], int]:
    """The row of parts in which a part stands, and its place in it.

    >>> place(("layer 1", "neuron 12"))
    (('layer 1', 'neuron'), 12)
    """
    digits = part[-1][len(part[-1].rstrip("0123456789")) :]
    return (*part[:-1], _word(part[-1])), int(digits or 0)


def _words(parts: Iterable[Part]) -> list[str]:
    """The first words of parts, from the outside in: ["layer", "neuron"]."""
    depths: dict[str, int] = {}
    for part in dict.fromkeys(parts):
        for depth, name in enumerate(part):
            depths.setdefault(_word(name), depth)
    return sorted(depths, key=depths.__getitem__)


def _parts_and_sums(graph: Graph, parts: Mapping[Value, Part], word: str | None) -> list[Group]:
    """The parts of a kind, all nodes of one however often the model was applied; and the sums among the other nodes."""
    prefixes: dict[Value, Part] = {}
    for node, part in parts.items():
        words = [_word(name) for name in part]
        if word in words:
            prefixes[node] = part[: words.index(word) + 1]
    found = _grouped(graph.labels, prefixes)
    grouped = {node for members in found.values() for node in members}
    sums = _sums(graph, [node for node in graph.labels if node not in grouped])
    taken: set[str] = set()  # two parts may be called the same
    titles = [free(" ".join(prefix), taken) + _inside(prefix, members, parts) for prefix, members in found.items()]
    named = zip(titles, found.items(), strict=True)
    return [Group(title, members, part=prefix) for title, (prefix, members) in named] + sums


def _inside(prefix: Part, members: tuple[Value, ...], parts: Mapping[Value, Part]) -> str:
    """What is in a part, and the number of times that it was applied: `: 16 neurons × 100`."""
    title = ""
    within = {parts[node][: len(prefix) + 1] for node in members if len(parts[node]) > len(prefix)}
    if len(within) > 1 and len({_word(part[-1]) for part in within}) == 1:
        title = f": {len(within)} {_word(min(within)[-1])}s"
    inside = {operand for node in members if is_result(node) for operand in values_in(node)}
    outputs = [node.part for node in members if is_result(node) and node.part and node not in inside]
    times = len(outputs) // len(set(outputs)) if outputs else 1
    return f"{title} × {times}" if times > 1 else title


# Repeated additions, and nodes that were computed alike.


def _sums(graph: Graph, nodes: list[Value]) -> list[Group]:
    """A group for each tree of three and more additions whose results between are unnamed and used once."""
    ends: dict[Value, Value] = {}
    for node in reversed(nodes):
        if node.op in ("add", "sum"):
            user = graph.uses[node][0] if len(graph.uses[node]) == 1 else None
            ends[node] = node if user is None or node.name else ends.get(user, node)
    sums = []
    for end, members in _grouped(nodes, ends).items():
        if len(members) > 2:
            operands = [operand for node in members for operand in node.operands]
            terms = sum(isinstance(operand, Value) or operand != 0.0 for operand in operands) - len(members) + 1
            label = graph.labels[end]
            sums.append(Group(f"{label} = sum of {terms:,} terms", members, label))
    return sums


def _with_alike(graph: Graph, found: list[Group]) -> list[Group]:
    """The groups, and for the other nodes one for each way in which some were computed, or being leaves, are used."""
    kind: dict[Value, int] = {node: index for index, group in enumerate(found, 1) for node in group.nodes}
    others = [node for node in graph.labels if node not in kind]
    kinds: dict[tuple[object, ...], int] = {}
    for node in sorted(others, key=lambda node: node.op is None):  # leaves last, when the kinds of their uses are known
        if is_result(node):
            how = (node.op, *(kind.get(x, 0) if isinstance(x, Value) else -1 for x in node.operands))
        else:
            how = (None, _stem(node), *dict.fromkeys(kind[user] for user in graph.uses[node]))
        kind[node] = kinds.setdefault(how, len(found) + len(kinds) + 1)
    alike = []
    for members in _grouped(others, kind).values():
        what = members[0].op or _stem(members[0]) or "values"
        alike.append(Group(f"{len(members):,} × {what}", members))
    return found + alike


def _stem(leaf: Value) -> str:
    """The name without its last indices: w[1] of w[1][2,3], x of x2."""
    name = leaf.name or ""
    return name.rpartition("[")[0] or name.rstrip("0123456789_")


def _slices(graph: Graph) -> list[Group]:
    """The results cut into slices in the order of computation; many leaves go along with the slices that use them."""
    results = [node for node in graph.labels if is_result(node)]
    length = -(-len(results) // SLICES)
    slice_of: dict[Value, int] = {result: index // length for index, result in enumerate(results)}
    for leaf in graph.leaves if len(graph.leaves) > SLICES else []:
        users = {slice_of[user] for user in graph.uses[leaf]}
        slice_of[leaf] = users.pop() if len(users) == 1 else -1
    found = _grouped(graph.labels, slice_of)
    shared = found.pop(-1, ())
    slices = []
    for members in found.values():
        ends = [graph.labels[node] for node in members if is_result(node)]
        slices.append(Group(" to ".join(dict.fromkeys([ends[0], ends[-1]])), members, ends[-1]))
    if len(shared) > SLICES:
        slices.append(Group(f"{len(shared):,} values", shared))
    return slices
