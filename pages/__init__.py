"""One thin page per step; `parts` has what each is made of, `shared` what all share."""
