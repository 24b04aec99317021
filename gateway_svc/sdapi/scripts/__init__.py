"""A1111's scripts: several generations of one task, and what is put together from them."""
