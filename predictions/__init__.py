"""The domain: forecasts as dated predictions, what happened, and how each one scored."""
