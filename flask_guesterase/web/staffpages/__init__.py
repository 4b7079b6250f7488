"""The staff's pages of one request, of holds and of the register; what a host's pages embed."""
