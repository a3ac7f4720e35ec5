"""The values that flow along the sentence: frozen, with read-only arrays."""
