"""How quick the log is, each time against the least that the same data could cost: `make bench`."""
