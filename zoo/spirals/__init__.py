"""Two spirals in a plane, told apart by a small network."""
