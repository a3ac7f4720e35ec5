"""Target weights: the built-in optimizers, and the fence around everyone's."""
