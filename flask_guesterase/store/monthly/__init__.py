"""Monthly reviews: frozen figures, members, findings, actions; and what others publish."""
