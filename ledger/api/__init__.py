"""The log over HTTP: entries, checkpoints, keys, and proofs of them."""
