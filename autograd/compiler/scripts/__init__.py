"""A graph as JavaScript: the rows of the table as functions, and a whole program as one function.

language   the language of the table as JavaScript; each row as functions, and the helpers that they call
"""
