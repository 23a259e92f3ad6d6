"""Arrays of exact numbers that behave as NumPy's arrays do: their memory, their methods, NumPy's functions on them."""
