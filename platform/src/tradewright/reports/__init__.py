"""What people and machines read about a run; `machine` makes the tree that every page only lays out."""
