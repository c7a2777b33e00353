"""What images bring with them."""
