"""Pictures of training, drawn by matplotlib (extra `plot`): each function returns a figure, which notebooks show.

`curves` shows how training went, `descent` the path of an optimiser over a loss of two parameters, and
`decision_boundary` what a model of one or two inputs says about the line or the plane; `fitted_curve` is that of a
model of one input that predicts numbers. Of a model that looks at images, `weights` shows what its first neurons look
for, `confusion` which classes it takes for which, and `mistakes` the examples it gets wrong; `images` shows rows of
numbers. A figure is matplotlib's own: `figure.savefig("moons.png")`.
`network` is the textbook's picture of a model, as SVG, which needs no matplotlib.

course     the curves of a training, and its path
boundary   the plane, or the line, coloured by classes
fitted     curves through the data
pixels     images: of the data, of weights, of what is taken for what
network    a network as textbooks draw it
figures    what they have in common
"""

from nn.plot.boundary import decision_boundary
from nn.plot.course import curves, descent
from nn.plot.fitted import fitted_curve
from nn.plot.network import network
from nn.plot.pixels import confusion, images, mistakes, weights

__all__ = ["confusion", "curves", "decision_boundary", "descent", "fitted_curve", "images", "mistakes", "network"]
__all__ += ["weights"]


def __dir__() -> list[str]:
    """What users use, and what every module has."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
