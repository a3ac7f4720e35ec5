"""The first files of a plugin: a working component of one kind, its page, its suite and its checks in CI."""
