"""Hostile requests to every endpoint: whatever is sent, the service answers soon and in SCIM.

`strategies.py` generates them: valid requests with something changed, and bytes that are no request at all.
`bodies.py` generates their bodies. `test_fuzz.py` sends 1,000 of them in `make test`; `make fuzz`
(`python -m tests.fuzz`) sends 20,000 different ones each night. No answer may be a 5xx, take two seconds or be
anything but SCIM. Afterwards the log must be whole.
"""

INPUTS = "SCIM_LEDGER_FUZZ_INPUTS"  # The environment variable for the number of requests.
