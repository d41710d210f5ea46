"""Compare a projection's rows with what the log leads to.

`verify.py` is the order of the steps, `compare.py` compares row by row, `findings.py` says what can be found,
`explain.py` names the events that explain a finding. It changes nothing. Begin with `verify.py`.
"""
