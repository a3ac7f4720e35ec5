"""Measures of performance and risk: pure functions of arrays, each with its formula and its source."""
