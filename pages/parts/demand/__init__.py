"""What the demand page is made of."""
