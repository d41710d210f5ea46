"""Tests of the console over the real service: a client that signs in, reads pages and sends their forms."""
