"""The commands of `hansa`, a module each, loaded by `hansa.cli` when called."""
