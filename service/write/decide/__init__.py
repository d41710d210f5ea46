"""Decisions: (what is known, a command) → events, or a refusal. Pure: no IO, no clock, no ids.

`known.py` says what a decision may look at, `needs.py` what a command needs of it, and one module
per kind of stream decides. The lane above loads, decides, appends.
"""
