"""What `check` finds: gaps of the declarations, and what the live database would do by itself."""
