"""A tamper-evident, append-only log (RFC 6962 Merkle tree). Knows nothing of predictions."""
