"""One file for each use case: what rehub does, in terms of words and the world."""
