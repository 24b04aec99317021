"""The page at /: three files, served as they are."""
