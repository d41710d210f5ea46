"""The way of a command into the log: lane → batch → decide → append and project → commit.

`commands.py` defines the commands. `lane.py` collects the commands of an organization into batches, `batch.py`
loads the state that a batch requires (`load_state.py`, `load_guard.py`) and decides it, `transaction.py` writes it:
optimistic first, and under the log's lock if another writer was faster. `shared.py` lets several organizations share
statements. `log_ends.py` remembers where logs end, `log_heights.py` how high they were, `quota.py` bounds how many
events a day may have, `dry_run.py` decides without writing, `former_users.py` loads users that the directory no longer
has, `erase.py` removes people from all tables, `unknown_events.py` explains a write that no retry can save. `decide` is
pure. Nothing is answered before its commit. Begin with `lane.py`.
"""
