"""From components to what the engine reads: a strategy is made, asked, and laid out."""
