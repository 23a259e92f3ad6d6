"""The decisions of the code under test: which way each has gone, and how it is driven the other way."""
