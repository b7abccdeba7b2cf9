"""What a repository needs of Python's packages, read without running any of it; and how that is solved."""

from rehub.verbs.environment.asof import as_of
from rehub.verbs.environment.fitting import suits
from rehub.verbs.environment.keeping import Kept, check, keep
from rehub.verbs.environment.needs import needs_of
from rehub.verbs.environment.solve import Wish, is_solved, solve

__all__ = ["Kept", "Wish", "as_of", "check", "is_solved", "keep", "needs_of", "solve", "suits"]
