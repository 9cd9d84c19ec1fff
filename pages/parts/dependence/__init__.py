"""What the Dependence page is made of."""
