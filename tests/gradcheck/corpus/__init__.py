"""Hand-written backward passes in the styles of courses, blogs and papers' code; every one is right."""
