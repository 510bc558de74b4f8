"""Groups as Python's lists: a layer is a comprehension, and the chain rule over it is one, too.

Read in this order:

listing      a plan as a function that one reads
variables    the lists and numbers in it, and what they are called
statements   what is said in it, and how Python says it
forward      the values, stage by stage
straight     single nodes between groups
back         the adjoints, with the rules as comments
copies       lists that are put together from others, and how their adjoints go back to these
"""
