"""Hosting plugins: find, load, register, ask and fence them; `hookspecs` is the table of contents."""
