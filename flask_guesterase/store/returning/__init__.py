"""What came back, in new rows or with an old database: seen, judged, and erased again."""
