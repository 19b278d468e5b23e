"""Reminders and reports: composed and queued as rows, then delivered. Nothing acts on a guess."""
