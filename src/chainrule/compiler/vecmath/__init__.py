"""Vector maths: elementary functions as LLVM code, at most two units in the last place wrong. See docs/vecmath.md."""
