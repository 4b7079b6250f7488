"""The register of erasures outside the database, which a restore does not turn back."""
