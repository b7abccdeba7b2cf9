"""Tests, and what they need: a fake outside world, a runner of stories, a guard."""
