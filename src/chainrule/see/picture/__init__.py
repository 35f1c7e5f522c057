"""`picture`: the graph behind a value as a drawing, with the numbers on it."""
