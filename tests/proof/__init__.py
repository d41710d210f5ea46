"""The proof of the log: leaves, trees, checkpoints, verdicts. The vectors come from the format's reference code."""
