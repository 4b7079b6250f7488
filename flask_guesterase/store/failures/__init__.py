"""What goes wrong: looked for, told, looked after, and closed."""
