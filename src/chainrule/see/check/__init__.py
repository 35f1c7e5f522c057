"""`check`: the slopes of a function from four sides, and a derivative by hand held against them term by term."""
