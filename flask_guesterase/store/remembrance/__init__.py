"""The register of erasures outside the database, and what is done after a restore."""
