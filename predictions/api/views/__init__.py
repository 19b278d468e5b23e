"""One view set a word of the domain: load, call, answer."""
