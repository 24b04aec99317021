"""What of prompts can be refused before they are read."""

from __future__ import annotations

from inference_svc.prompts import MOST_PARTS, part_count
from inference_svc.rpc.conversion.violations import Violations


def checked_parts(field: str, prompt: str, violations: Violations) -> str:
    """Checks how many parts AND joins to a prompt: each is a row of work, at every evaluation."""
    if (count := part_count(prompt)) > MOST_PARTS:
        violations.add(field, f"{count} parts", f"at most {MOST_PARTS} joined by AND")
    return prompt
