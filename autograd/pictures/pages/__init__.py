"""Web pages of one file, and what they have in common.

page       a page: its text, in a file and in a notebook
look.css   the look, by day and in the dark
shared.js  numbers as Python writes them, a player
steps      the backward pass as a page that lives, steps.html and steps.css, and of its script
chain.js   the chain rule
view.js    the picture in its frame
writing.js how numbers come into it, while a finger drags
steps.js   what is shown at each position of the story
leaves.js  the numbers to drag
quiz.js    the quiz
"""
