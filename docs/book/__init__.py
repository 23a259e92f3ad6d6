"""The book: chapters, generated pages and pictures staged in two languages and built by Sphinx."""
