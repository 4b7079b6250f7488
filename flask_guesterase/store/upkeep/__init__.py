"""What keeps an installation well, tells how it is, brings it up to date and takes it down."""
