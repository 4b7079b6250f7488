"""What people can do, desk by desk; `Office` is all of them behind one door."""
