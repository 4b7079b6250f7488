"""Words: languages, the law and the law's texts, letters, and what is said when something fails."""
