"""An erasure taken back inside its recovery window: rows, files, and all that hangs on them."""
