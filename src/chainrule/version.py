"""The version, alone in a file so that the build can read it without importing NumPy."""

__version__ = "0.1.0"
cuda = hip = None  # the versions of what computes on GPUs: nothing does
