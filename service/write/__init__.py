"""The way of a command into the log: lane → batch → decide → append and project → commit.

`commands.py` says what can be asked. `lane.py` collects the commands of an organization into batches, `batch.py`
loads what a batch needs (`load_state.py`) and decides it, `transaction.py` writes it, optimistic first and under
the lock when another writer was faster; `log_ends.py` remembers where logs end. `decide` is pure. Nothing is
answered before its commit. Begin with `lane.py`.
"""
