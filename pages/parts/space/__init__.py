"""What the page of this name is made of."""
