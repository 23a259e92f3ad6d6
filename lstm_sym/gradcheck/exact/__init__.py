"""Exact numbers: residues in towers of prime fields beside floating-point shadows, functions of them, and balls."""
