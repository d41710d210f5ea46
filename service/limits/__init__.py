"""What is scarce is shared, and what is long does not stop the event loop.

`fair_share.py` bounds how much all requests, and those of one organization, hold at once; `offload.py` runs
long pure work in a thread. It knows nothing of what it bounds. Begin with `fair_share.py`.
"""
