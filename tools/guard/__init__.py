"""Checks of the checks: that actions are pinned, that failures are not swallowed, that tests test."""
