"""`explain`: the story of a value that was just computed, and of what is odd about it."""
