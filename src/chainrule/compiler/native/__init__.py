"""Native code by llvmlite: for graphs (`graph`), for whole descents (`loop`), and for many at once (`lanes`)."""
