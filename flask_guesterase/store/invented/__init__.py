"""Invented guests, by whom a house tries itself: booked, erased, looked for after."""
