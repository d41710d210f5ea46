"""Faults: bad input, lost connections and processes, races, interrupts."""
