"""Pictures of training, drawn by matplotlib (extra `notebooks`): each function returns a figure, which notebooks show.

`curves` shows how training went, `descent` the path of an optimiser over a loss of two parameters, and
`decision_boundary` what a model of one or two inputs says about the line or the plane. A figure is matplotlib's own:
`figure.savefig("moons.png")`.

course     the curves of a training, and its path
boundary   the plane, or the line, coloured by classes
figures    what they have in common
"""

from nn.plot.boundary import decision_boundary
from nn.plot.course import curves, descent

__all__ = ["curves", "decision_boundary", "descent"]
