"""A graph as a program: Python that one reads, NumPy on columns, machine code through LLVM, JavaScript for a page.

Read in this order:

compile    what a user calls: a recorded graph or a function in
numbering  numbers for the nodes of a graph
trace      the graph written flat
builder    expressions that share their parts, made from the texts of the table
program    the graph's values and, by the chain rule, its derivatives as such expressions
listing    a program as Python
comments   the rule beside each line of it
compiled   what a user gets: a function of numbers and of columns
columns    rows of numbers, given as columns
llvm       a program's instructions as the text of LLVM; the functions that they call are in the folder `lanes`
tiles      how they go over rows

The ways to run a program are in `backends`.
Alike nodes are found in `groups`, and done in loops: by Python in `lists`, by NumPy in `matrices`, by LLVM in `loops`.
The functions that machine code calls, such as exp, are in `lanes`. All that is JavaScript is in `scripts`.
"""
