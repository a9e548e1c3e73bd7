"""The shared list and its engine: what a run sees, how it decides, what it says to those who get nothing, how it is made again."""
