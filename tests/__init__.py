"""The tests of the four packages. `tests` is itself a package, which lets tests import builders by absolute path."""
