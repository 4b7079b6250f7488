"""Who comes back after an erasure: seen, judged, erased again or let live."""
