"""Real servers in front of a host with the extension: what teardown does and does not do."""
