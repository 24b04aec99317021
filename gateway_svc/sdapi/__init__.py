"""A1111's routes, translated."""
