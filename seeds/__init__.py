"""The seed articles' forecasts and the later events, as data files, and their loader."""
