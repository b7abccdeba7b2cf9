"""Everything that rehub does with git: the only place that starts it."""

from rehub.world.git.objects import BareRepository, Objects
from rehub.world.git.process import Git
from rehub.world.git.remote import Advertised, Source

__all__ = ["Advertised", "BareRepository", "Git", "Objects", "Source"]
