"""The lessons' experiments, one module each: a world to try things on, a pure model, a pure view, a sentence, a panel.

Each is made of library calls only; all numbers come from journeys. A module has `panel()`, which a lesson shows, and the
functions that its exercises reckon their answers with.
"""
