"""Floor 6: see what the engine does. The formula and its steps, the story of a value, pictures, checks, plots, a page.

It reads the engine and the trace, and forks neither; nothing below knows of it. What it needs besides NumPy (SymPy,
matplotlib, ...) is imported where it is first used.
"""
