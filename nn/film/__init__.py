"""The film of a training: what `fit(..., film=True)` keeps, and the page that plays it and trains on in the browser.

film          the film: snapshots of the parameters
playground    the page without a training before
page          the page: its data, its text
programs      what it computes with: the model and its loss as JavaScript
gif           the film for slides
fields        what stands in a frame of it

page.html, look.css   the page's text and its look
train.js              the optimisers, and a training step
maps.js               what neurons and the model say over the plane, or the line
details.js            one weight or neuron: its value over time, its gradient, and what is wrong
main.js               the timeline, the controls
"""

from nn.film.film import Film, Snapshot
from nn.film.playground import playground

__all__ = ["Film", "Snapshot", "playground"]
