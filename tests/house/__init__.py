"""The house around the code: who imports whom, what is locked, what a clone contains."""
