"""What a developer of this project runs: standard library only, never part of the wheel."""
