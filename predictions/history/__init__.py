"""What the ledger says happened to an object: its entries, in words.

entries   which entries concern an object, and what they say
changes   how two sayings of one row differ
names     who and what the ids in entries are
words     an entry as a sentence
lines     all of it together: a page of an object's history
"""
