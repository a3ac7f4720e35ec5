"""One state, four transitions and a matcher, compiled; docs/reference/engine.md says what they compute."""
