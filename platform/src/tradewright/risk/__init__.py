"""One file per target rule and per order check; the mission's limits are among them."""
