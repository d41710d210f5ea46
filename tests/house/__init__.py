"""The house around the code: folders and imports, words, documentation, dependencies, what a clone contains."""
