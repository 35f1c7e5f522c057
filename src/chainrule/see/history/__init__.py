"""What a computed tensor came from: its graph read from the tape, with names, numbers, and slopes as formulas."""
