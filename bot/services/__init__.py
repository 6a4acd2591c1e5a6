"""What commands and buttons call: one service per concern."""
