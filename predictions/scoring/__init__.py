"""Scoring rules and their summaries: pure functions over numpy arrays, no Django."""
