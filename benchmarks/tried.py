"""What was tried for each bar, for the page to say where one is missed."""

TRIED: dict[str, str] = {}
