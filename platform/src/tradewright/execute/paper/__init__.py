"""The paper venue as a process of its own: it writes each call down before it plays it, and outlives the agent."""
