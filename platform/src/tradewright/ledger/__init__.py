"""The book of everything that came in and everything that was decided: only appended to, chained by hashes."""
