"""`derive`: from a function in the torch style to its derivatives as formulas, with the steps that lead there."""
