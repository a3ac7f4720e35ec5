"""What people and machines read about a run; `machine` decides every number, `terminal` only lays them out."""
