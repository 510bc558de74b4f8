"""A graph as a picture, a film and a page.

Read in this order:

picture    what a picture is made of: boxes, arrows, and the texts on them
typeset    names, formulas and numbers in the letters of a picture
folding    which nodes share a box
dot        `draw`: a picture in Graphviz's language, in each shape that it may have
lettering  the letters of a laid-out picture, and its legend
browser    Graphviz where Python itself runs in a browser
drawing    a picture laid out in the shape that can be read best, as SVG and in files
film       a picture at every step of the backward pass
walk       the backward pass at one's own pace: in a REPL, in a notebook, as a prompt

The film as a web page that lives, and what all web pages have in common, are in the folder `pages`.
"""
