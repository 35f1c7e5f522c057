"""Floor 1: the machine. Op kinds and their registry, tensors, the tape, the backward engine, forward mode. No maths."""
