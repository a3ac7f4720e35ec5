"""Forecasts: call signals behind a fence, and combine what they say."""
