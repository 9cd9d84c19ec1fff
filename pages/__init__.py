"""One thin page per step; `_ui` holds what pages share."""
