"""Several databases of one host: which table lies where, and an erasure over all of them."""
