"""How a guest is told from who only says so: claim codes, objections, and what was refused."""
