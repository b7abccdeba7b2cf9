"""Files of weights, looked at without being read: what kind one is, whether it is sound, what reading it would run."""

from rehub.words.weightfiles.faults import Fault, RunsCode, Unsound
from rehub.words.weightfiles.kinds import Kind
from rehub.words.weightfiles.look import Contents, look, tell
from rehub.words.weightfiles.source import Source
from rehub.words.weightfiles.values import Tensor

__all__ = ["Contents", "Fault", "Kind", "RunsCode", "Source", "Tensor", "Unsound", "look", "tell"]
