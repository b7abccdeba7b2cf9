"""Reading a repository: what it publishes, needs and does at import, without running any of it."""

from rehub.verbs.describe.modules import Limits
from rehub.verbs.describe.repository import describe

__all__ = ["Limits", "describe"]
