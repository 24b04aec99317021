"""Judges a run of CI by what it left behind: five categories of five points, and no point without its fact."""
