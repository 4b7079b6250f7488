"""The nightly count of the guest register: a line that vanishes without a lawful step is missed."""
