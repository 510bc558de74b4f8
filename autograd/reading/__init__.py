"""A graph as text and mathematics: what a person reads of it. Changes nothing in it.

Read in this order:

graph      what its nodes are called, and which lead to which
steps      the backward pass one line of the chain rule at a time; `explain`, the whole story
paths      why a derivative is the number it is: products along paths, and their sum
answers    exercises: whether a number is that derivative, and if not, which mistake it is
formula    the expression that a graph computes, and that of a derivative
notation   how the chain rule is written as text, in LaTeX, in MathML
markup     how an expression is written in LaTeX and in MathML
"""
