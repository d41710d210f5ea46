"""The directory: the users and groups that GET answers from."""
