"""From planned orders to what is held: states of orders, exact sums, and where every order passes."""
