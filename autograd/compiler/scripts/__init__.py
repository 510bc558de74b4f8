"""A graph as JavaScript: the rows of the table as functions, and a whole program as one function.

Read in this order:

language   the language of the table as JavaScript; each row as functions, and the helpers that they call
writing    what makes a program's expressions with the engine's own rounding, and writes them as lines
arrays     the names of the arrays that groups of alike nodes read and write
reasons    what is said where something fails
listing    a program in a straight line
stages     groups as loops, forward and back
looped     a program of such loops
"""
