"""Web pages of one file, and what they have in common.

page       a page: its text, in a file and in a notebook
look.css   the look, by day and in the dark
shared.js  numbers as Python writes them, a player, a view that zooms
"""
