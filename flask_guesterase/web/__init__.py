"""The counter: Flask. Pages, API and commands are thin doors to `Office`."""
