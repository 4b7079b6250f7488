"""What somebody could try who wants a lawful record to be gone early: stopped, or seen."""
