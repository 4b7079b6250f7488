"""Applications we did not write, mapped from outside and erased from."""
