"""What an operation is, and the language it is written in. Knows no graph.

Read in this order:

rules        the table of derivatives: one row of text for each operation
expression   what such a text means: numbers, names, calls and choices, and how they are printed
mistakes     what is said of a text that is not of the language
parser       from a text to expressions, for the rows and for the command line alike
output       what is printed where the standard output cannot show every letter
algebra      derivatives as a person would write them: products collected, 0 and 1 cleaned away
"""
