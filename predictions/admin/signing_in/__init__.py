"""Signing in: the password, the second step, lock-out, and where somebody is signed in."""
