"""The pages on which articles, questions and predictions are recorded: rows, a preview, one act."""
