"""`exercise`: questions that check their answers, and name the classic errors in them."""
