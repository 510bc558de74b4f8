"""Training: `fit` changes a model's parameters until its predictions are near the targets; `evaluate` tells how near.

Gradient descent takes the whole data set for each update (`batch_size=None`), stochastic gradient descent one example
(`batch_size=1`), and mini-batches lie between. Read in this order:

fit        what a user calls to train a model
evaluate   and to test it
history    what they get: the epochs, the scores, the errors
given      what may be given to both
graphs     a step on the graph of a batch
choice     whether compiled steps save time
steps      compiled steps: the numbers of the parameters in one array, on the graph where something fails
compiled   the loss of one example compiled, and the penalty
comparing  both compared with the graphs
progress   the line that tells how far it is
still      what is said where nothing can learn
"""

from nn.training.evaluate import evaluate
from nn.training.fit import fit
from nn.training.history import DivergenceError, Epoch, History, Score

__all__ = ["DivergenceError", "Epoch", "History", "Score", "evaluate", "fit"]

for kind in (DivergenceError, Epoch, History, Score):
    kind.__module__ = __name__  # where pickles and tracebacks look for it, in whichever of these modules it is written
del kind
