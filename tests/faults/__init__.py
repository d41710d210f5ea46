"""What goes wrong: bad input, lost machines, races."""
