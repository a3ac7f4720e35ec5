"""Prices from outside: read, placed on exchange sessions, checked, and joined onto one grid."""
