"""What a screen says: values in, words in the reader's language out. Templates only place them."""
