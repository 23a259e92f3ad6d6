"""What stands in for NumPy, math, random numbers and Python's own functions in the code under test."""
