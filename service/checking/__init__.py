"""The check of every log once a day, so that nobody has to remember `audit verify`.

`daily.py` compares every event of each log with its tree, its checkpoints and the copy outside, as `audit verify` does. It rests
most of the time: it takes a twentieth of a processor at most.
What it finds is reported as all contradictions are. Begin with `daily.py`.
"""
