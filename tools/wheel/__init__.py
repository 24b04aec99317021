"""The package as users get it: built, looked into, installed where nothing else is, and run."""
