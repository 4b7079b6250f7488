"""What a request is made of: its row, the people it means, contacts, texts and tasks."""
