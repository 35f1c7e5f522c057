"""Floor 4: traced graphs of ops become machine code (vector maths, fused loops)."""
