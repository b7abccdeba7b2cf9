"""Every error that rehub raises on purpose, in one tree.

Branches are what a caller would do about it; each class is also a kind of the standard library, so that code
written for torch.hub keeps catching what it caught::

    RehubError
    ├── MalformedError (ValueError)            what was given cannot be right: correct it
    │   ├── MalformedRefError                  a ref that names nothing
    │   ├── MalformedSettingError              an environment variable, a setting, an argument
    │   ├── MalformedLockError                 a lock that cannot be read
    │   ├── RefusedTreeError                   a repository whose files must not be written down
    │   └── MalformedWeightsError              a weights file that is not what it says
    ├── NotFoundError (LookupError)            well formed, but not there: ask for something else
    │   ├── RepositoryNotFoundError
    │   ├── RefNotFoundError (ValueError)      no such branch, tag or commit of this repository
    │   ├── HubconfNotFoundError (FileNotFoundError)
    │   ├── EntryNotFoundError (RuntimeError)
    │   ├── NotLockedError                     what the lock in use does not know
    │   ├── GoneUpstreamError                  a commit that its repository does not give out any more
    │   └── ProvenanceNotFoundError            an object that no load of this process returned
    ├── TrustError (PermissionError)           it would run or believe what nobody allowed: decide
    │   ├── UntrustedError                     code that was not allowed to run here
    │   │   └── DeclinedError                  somebody was asked, and said no
    │   ├── HostKeyError                       an ssh server whose key is not the known one, or is not known
    │   ├── UnsafeWeightsError                 a weights file that would run code when it is read
    │   └── DigestMismatchError (ValueError)   bytes that are not the promised ones
    │       └── WrongHashError (RuntimeError)  a file without the hash that its name or the caller says
    ├── RunError (RuntimeError)                the repository's own code cannot run here
    │   ├── MissingDependencyError             packages that it needs are not installed
    │   ├── HubconfFailedError                 it was run to list its names, and did not get to its end
    │   ├── OperatorClashError                 it defines an operator of torch that another one has defined
    │   └── UnexpectedResultError (TypeError)  an entry made something else than was expected
    └── WorldError (OSError)                   git, the network or the disk: repair it, try again
        ├── OfflineError                       a socket was needed and is not allowed
        ├── GitMissingError
        ├── UnreachableError                   the remote did not answer, or not in time
        ├── AuthenticationError                the remote wants other credentials
        ├── RemoteRefusedError                 the remote cannot do what is needed
        ├── DownloadError                      a file could not be brought from its URL
        ├── SolverError                        uv, which solves environments, is missing, or failed
        ├── LockConflictError                  another process has changed the lock meanwhile
        ├── LockFileError                      the disk does not let a lock be read or written
        └── StoreError                         the cache cannot be read or written

A message says what was being done, what was expected, what was found, and the next command to type.
"""

from rehub.words.errors.malformed import (
    MalformedLockError,
    MalformedRefError,
    MalformedSettingError,
    MalformedWeightsError,
    RefusedTreeError,
)
from rehub.words.errors.notfound import (
    EntryNotFoundError,
    GoneUpstreamError,
    HubconfNotFoundError,
    NotLockedError,
    ProvenanceNotFoundError,
    RefNotFoundError,
    RepositoryNotFoundError,
)
from rehub.words.errors.root import (
    MalformedError,
    NotFoundError,
    RehubError,
    RunError,
    TrustError,
    WorldError,
)
from rehub.words.errors.run import (
    HubconfFailedError,
    MissingDependencyError,
    OperatorClashError,
    UnexpectedResultError,
)
from rehub.words.errors.trust import (
    DeclinedError,
    DigestMismatchError,
    HostKeyError,
    UnsafeWeightsError,
    UntrustedError,
    WrongHashError,
)
from rehub.words.errors.world import (
    AuthenticationError,
    DownloadError,
    GitMissingError,
    LockConflictError,
    LockFileError,
    OfflineError,
    RemoteRefusedError,
    SolverError,
    StoreError,
    UnreachableError,
)

__all__ = [
    "AuthenticationError",
    "DeclinedError",
    "DigestMismatchError",
    "DownloadError",
    "EntryNotFoundError",
    "GitMissingError",
    "GoneUpstreamError",
    "HostKeyError",
    "HubconfFailedError",
    "HubconfNotFoundError",
    "LockConflictError",
    "LockFileError",
    "MalformedError",
    "MalformedLockError",
    "MalformedRefError",
    "MalformedSettingError",
    "MalformedWeightsError",
    "MissingDependencyError",
    "NotFoundError",
    "NotLockedError",
    "OfflineError",
    "OperatorClashError",
    "ProvenanceNotFoundError",
    "RefNotFoundError",
    "RefusedTreeError",
    "RehubError",
    "RemoteRefusedError",
    "RepositoryNotFoundError",
    "RunError",
    "SolverError",
    "StoreError",
    "TrustError",
    "UnexpectedResultError",
    "UnreachableError",
    "UnsafeWeightsError",
    "UntrustedError",
    "WorldError",
    "WrongHashError",
]

# Whoever sees one in a traceback shall be able to import it by the name that stands there.
for _name in __all__:
    globals()[_name].__module__ = "rehub"
