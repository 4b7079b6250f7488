"""What may come in through a form, and what comes back where it was not taken."""
