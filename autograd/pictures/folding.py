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

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from autograd.engine.sweep import values_in
from autograd.engine.value import Result, Value
from autograd.reading.graph import Graph

MOST_BOXES = 200
SLICES = 40
MOST_WORDS = 8
Part = tuple[str, ...]


class Group(NamedTuple):
    """Nodes that share a box, operands before results, what is written on it, and the label that this names."""

    title: str
    nodes: tuple[Value, ...]
    label: str = ""


def groups(graph: Graph, how: str | None) -> list[Group]:
    """The groups of two and more nodes; all other nodes have a box of their own.

    Raises ValueError where no node belongs to such a part.
    """
    if how is None:
        return []
    parts = _by_part(graph)
    if how == "auto":
        return _until_few(graph, parts)
    if how == "sum":
        return _sums(graph, graph.labels)
    if how == "alike":
        return _with_alike(graph, _sums(graph, graph.labels))
    words = _words(parts.values())
    if how not in words:
        known = ", ".join(map(repr, words))
        raise ValueError(
            f"nothing of this graph belongs to a {how!r}: fold is 'auto', 'sum', 'alike', None"
            f"{f', {known}' if known else ''}; y.within('neuron 1') states a part"
        )
    return _parts_and_sums(graph, parts, how)


def _until_few(graph: Graph, parts: Mapping[Value, Part]) -> list[Group]:
    """The first fold that leaves few enough boxes: none, sums, parts from the smallest on, alike nodes, slices."""
    for found in _folds(graph, parts):
        if len(graph.labels) - sum(len(group.nodes) - 1 for group in found) <= MOST_BOXES:
            return found
    return _slices(graph)


def _folds(graph: Graph, parts: Mapping[Value, Part]) -> Iterator[list[Group]]:
    """The folds to be tried one after the other, each made when the one before has left too many boxes."""
    yield []
    widest = _sums(graph, graph.labels)
    yield widest
    for word in reversed(_words(parts.values())[:MOST_WORDS]):
        widest = _parts_and_sums(graph, parts, word)
        yield widest
    yield _with_alike(graph, widest)


def _parts_and_sums(graph: Graph, parts: Mapping[Value, Part], word: str) -> list[Group]:
    """The parts of a kind, and the sums among the nodes that belong to none."""
    found = _parts(graph.labels, parts, word)
    grouped = {node for group in found for node in group.nodes}
    return found + _sums(graph, [node for node in graph.labels if node not in grouped])


def _grouped(nodes: Iterable[Value], key: Mapping[Value, object]) -> dict[object, list[Value]]:
    """The nodes by key; those without one are left out."""
    found: dict[object, list[Value]] = {}
    for node in nodes:
        if node in key:
            found.setdefault(key[node], []).append(node)
    return found


# Parts of a model.


def _by_part(graph: Graph) -> dict[Value, Part]:
    """The part of each node: the one stated for it, or between the weights and the output of a part, that one."""
    found: dict[Value, Part] = {node: node.part for node in graph.labels if node.part}
    inner: dict[Value, Part] = {}
    for node in graph.labels:
        if isinstance(node, Result) and node not in found:
            near = dict.fromkeys(
                inner.get(operand, operand.part)
                for operand in values_in(node)
                if operand in inner or (operand.part and not isinstance(operand, Result))
            )
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


def _words(parts: Iterable[Part]) -> list[str]:
    """The first words of parts, from the outside in: ["layer", "neuron"]."""
    depths: dict[str, int] = {}
    for part in dict.fromkeys(parts):
        for depth, name in enumerate(part):
            depths.setdefault(_word(name), depth)
    return sorted(depths, key=depths.__getitem__)


def _parts(nodes: Iterable[Value], parts: Mapping[Value, Part], word: str) -> list[Group]:
    """A group for each part of the kind: all its nodes, however often the model was applied."""
    prefixes: dict[Value, Part] = {}
    for node, part in parts.items():
        depth = next((depth for depth, name in enumerate(part) if _word(name) == word), None)
        if depth is not None:
            prefixes[node] = part[: depth + 1]
    return [
        Group(_part_title(prefix, members, parts), tuple(members))  # type: ignore[arg-type]
        for prefix, members in _grouped(nodes, prefixes).items()
        if len(members) > 1
    ]


def _part_title(prefix: Part, members: list[Value], parts: Mapping[Value, Part]) -> str:
    """`layer 1: 16 neurons × 100`, the number of times that it was applied last."""
    title = " ".join(prefix)
    within = {parts[node][: len(prefix) + 1] for node in members if len(parts[node]) > len(prefix)}
    if len(within) > 1 and len({_word(part[-1]) for part in within}) == 1:
        title += f": {len(within)} {_word(min(within)[-1])}s"
    inside = {operand for node in members if isinstance(node, Result) for operand in values_in(node)}
    outputs = [node.part for node in members if isinstance(node, Result) and node.part and node not in inside]
    times = len(outputs) // len(set(outputs)) if outputs else 1
    return f"{title} × {times}" if times > 1 else title


# Repeated additions, and nodes that were computed alike.


def _sums(graph: Graph, nodes: Collection[Value]) -> list[Group]:
    """A group for each tree of three and more additions whose results between are unnamed and used once."""
    free = set(nodes)
    ends: dict[Value, Value] = {}
    for node in reversed(list(nodes)):
        if isinstance(node, Result) and node.op in ("add", "sum"):
            user = graph.uses[node][0] if len(graph.uses[node]) == 1 else None
            ends[node] = ends[user] if user in ends and user in free and not node.name else node
    sums = []
    for end, members in _grouped(nodes, ends).items():
        if len(members) > 2:
            operands = [operand for node in members for operand in node.operands]
            terms = sum(operand != 0.0 for operand in operands if not isinstance(operand, Value))
            terms += sum(isinstance(operand, Value) for operand in operands) - (len(members) - 1)
            label = graph.labels[end]  # type: ignore[index]
            sums.append(Group(f"{label} = sum of {terms:,} terms", tuple(members), label))
    return sums


def _with_alike(graph: Graph, found: list[Group]) -> list[Group]:
    """The groups, and for the other nodes one for each way in which some were computed, or being leaves, are used."""
    kind: dict[Value, int] = {node: index for index, group in enumerate(found, 1) for node in group.nodes}
    grouped = set(kind)
    kinds: dict[object, int] = {}
    for node in graph.labels:
        if isinstance(node, Result) and node not in grouped:
            operands = (kind.get(operand, 0) if isinstance(operand, Value) else -1 for operand in node.operands)
            kind[node] = kinds.setdefault(("result", node.op, *operands), len(found) + len(kinds) + 1)
    for node in graph.labels:
        if not isinstance(node, Result) and node not in grouped:
            users = dict.fromkeys(kind[user] for user in graph.uses[node])
            kind[node] = kinds.setdefault(("leaf", _stem(node), *users), len(found) + len(kinds) + 1)
    alike = []
    for members in _grouped(graph.labels, kind).values():
        if len(members) > 1 and members[0] not in grouped:
            what = members[0].op or _stem(members[0]) or "values"
            alike.append(Group(f"{len(members):,} × {what}", tuple(members)))
    return found + alike


def _stem(leaf: Value) -> str:
    """The name without its last indices: w[1] of w[1][2,3], x of x2."""
    name = leaf.name or ""
    return name.rpartition("[")[0] or name.rstrip("0123456789_")


def _slices(graph: Graph) -> list[Group]:
    """The results cut into slices in the order of computation; many leaves go along with the slices that use them."""
    results = [node for node in graph.labels if isinstance(node, Result)]
    length = -(-len(results) // SLICES)
    key: dict[Value, int] = {result: index // length for index, result in enumerate(results)}
    leaves = graph.labelled_leaves
    for leaf in leaves if len(leaves) > SLICES else []:
        users = {key[user] for user in graph.uses[leaf]}
        key[leaf] = users.pop() if len(users) == 1 else -1
    found = _grouped(graph.labels, key)
    shared = found.pop(-1, [])
    slices = []
    for members in found.values():
        ends = [graph.labels[node] for node in members if isinstance(node, Result)]
        if len(members) > 1:
            slices.append(Group(" to ".join(dict.fromkeys([ends[0], ends[-1]])), tuple(members), ends[-1]))
    if len(shared) > SLICES:
        slices.append(Group(f"{len(shared):,} values", tuple(shared)))
    return slices
