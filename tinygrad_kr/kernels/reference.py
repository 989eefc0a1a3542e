"""Simple twins of the fast kernels, in obvious NumPy: the truth that tests compare with."""
