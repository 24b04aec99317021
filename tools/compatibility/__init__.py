"""What of A1111's API works here: docs/a1111-compatibility.md, made from data that tests hold to the truth."""
