"""The commands, ``flask guesterase VERB``."""
