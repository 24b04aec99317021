"""The pair with the fake under mixed load for a while: no failure, no wrong picture, no memory that only grows."""
