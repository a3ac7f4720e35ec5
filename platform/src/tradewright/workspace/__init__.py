"""What lies below `.tradewright` in the folder of plugins.toml: where it is, and how it is written."""
