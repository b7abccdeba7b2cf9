"""Exploring an object: what it is and what can be done with it, without doing any of it."""

from rehub.verbs.explore.carefully import type_name
from rehub.verbs.explore.explore import explore
from rehub.verbs.explore.limits import Limits
from rehub.verbs.explore.modules import measure

__all__ = ["Limits", "explore", "measure", "type_name"]
