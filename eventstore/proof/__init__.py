"""The proof of the log: one Merkle tree per organization (RFC 9162), and signed checkpoints of it.

It belongs to the store, because it proves columns, positions and their order, and nothing of what events mean.
Everything here is pure. `leaf.py` turns an event into a leaf, `tree.py` has nodes and roots, `proofs.py`
makes and checks proofs, `tiles.py` keeps a tree in tiles of 256 hashes and extends it. `notes.py` signs and
reads checkpoints, `outside_lines.py` has the lines of the outside copy. `verdicts.py` names what can be
wrong, `examination.py` compares a log with its witnesses, `located.py` says where they differ. `bundle.py`
writes the lines of evidence; `verifier.py` checks it offline, alone, and imports nothing of ours.
`tables` reads and writes the tables of the proof. Begin with `leaf.py` and `tree.py`.
"""
