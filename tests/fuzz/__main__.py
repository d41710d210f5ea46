"""`make fuzz`: send 20,000 hostile requests to a separate service, different ones each time."""

import os
import sys
from pathlib import Path

import pytest

from tests.fuzz import INPUTS

MANY = "20000"


def main() -> int:
    """Return the exit status of the run. If it fails, it prints the seed that repeats it."""
    os.environ.setdefault(INPUTS, MANY)
    test = str(Path(__file__).with_name("test_fuzz.py"))
    return pytest.main([test, "--quiet", "--timeout=0", "--hypothesis-show-statistics"])


sys.exit(main())
