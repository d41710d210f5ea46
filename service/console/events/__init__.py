"""The log as a reader of the console sees it: each event as a sentence in the reader's language, with links.

`sentences.py` says what an event did. `rows.py` makes the rows of `ui.timeline` and `ui.sentences`: mark, sentence, before and
after, who and by what. `words.py` has the words for roles, attributes and values.
`reading.py` records that somebody read it. Begin with `sentences.py`.
"""
