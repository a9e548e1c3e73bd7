"""A fictional offer for demonstrations: plausible, labelled fictional, the same for the same seed."""
