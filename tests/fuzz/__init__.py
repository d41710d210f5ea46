"""Hostile requests to every endpoint: whatever is sent, the service answers, soon, in SCIM.

`strategies.py` makes them up: valid requests with something changed, and what is no request at all.
`test_fuzz.py` sends 1,000 of them in `make test`; `make fuzz` (`python -m tests.fuzz`) sends 20,000
others each night. No answer may be a 5xx, take two seconds or be anything but SCIM, and the log must
be whole afterwards.
"""

INPUTS = "SCIM_LEDGER_FUZZ_INPUTS"  # The variable that says how many are sent.
