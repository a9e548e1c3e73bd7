"""Pages for anyone: no account, nothing kept about the visitor."""
