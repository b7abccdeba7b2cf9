"""Files of weights, looked at without being read: what kind one is, whether it is sound, what reading it would run."""

from rehub.words.weightfiles.faults import Fault, RunsCode, Unsound
from rehub.words.weightfiles.kinds import Kind
from rehub.words.weightfiles.look import Contents, look, tell
from rehub.words.weightfiles.source import Source

__all__ = ["Contents", "Fault", "Kind", "RunsCode", "Source", "Unsound", "look", "tell"]
