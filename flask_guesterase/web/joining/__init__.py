"""How the extension gets into an application: its settings, signals, rounds, and rights."""
