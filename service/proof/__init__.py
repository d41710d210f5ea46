"""The proof of the log at work: who signs, who remembers it outside of the database, and what a contradiction stops.

`outside.py` says what a copy outside does; `folder_copy.py` and `web_copy.py` are two kinds of it, and
`copies.py` chooses one.
`verdicts.py` holds what is wrong now, `watch.py` compares logs with their witnesses, `signer.py` extends and
signs trees, `outside_writer.py` writes the copy outside. `parts.py` puts them together beside the requests.
The use cases: `verify.py`, `repair.py`, `rotate.py`, `evidence.py`, `answers.py`. They do not know how they
were called. Begin with `parts.py`.
"""
