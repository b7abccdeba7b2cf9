"""What is found out, as sheets and lines that a person reads."""
