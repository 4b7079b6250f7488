"""The guest's pages; nobody needs an account."""
