"""The rounds: each breaks one thing while clients work, and lets the judge look."""
