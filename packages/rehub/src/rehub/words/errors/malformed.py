"""What was given cannot be right."""

import re

from rehub.words.errors.root import MalformedError


class MalformedRefError(MalformedError):
    """A ref that cannot name anything.

    Attributes:
        text: what was given, but for what stands before an '@' in a URL.
        reason: what is wrong with it.
    """

    def __init__(self, text: str, reason: str, hint: str = "") -> None:
        # Whoever puts a password into a URL shall not find it in a log.
        text = re.sub(r"(?<=://)[^/]*(?=@)", "…", text)
        self.text, self.reason = text, reason
        shown = ascii(text[:80] + "…") if len(text) > 80 else ascii(text)  # noqa: PLR2004 - a line of a terminal
        advice = (
            hint or "expected owner/repo, owner/repo:ref, owner/repo@rev, host/owner/repo@rev, a git URL, or ./folder"
        )
        super().__init__(f"{shown} is not a ref: {reason}\n  {advice}")


class MalformedSettingError(MalformedError):
    """A setting with a value that it cannot have.

    Attributes:
        name: the setting, as the user spells it (``REHUB_TRUST``, ``trust_repo``).
        found: the value given; ``None`` where it could be a secret.
        expected: what it can be.
    """

    def __init__(self, name: str, found: object, expected: str) -> None:
        self.name, self.found, self.expected = name, found, expected
        shown = "what it is (not shown: it could be a secret)" if found is None else repr(found)
        super().__init__(f"{name} cannot be {shown}\n  expected {expected}")


class MalformedLockError(MalformedError):
    """A lock that cannot be read, or says two things of one; it was not touched.

    Attributes:
        where: the file, with the line where that is known.
        reason: what is wrong with it.
    """

    def __init__(self, where: str, reason: str, advice: str = "") -> None:
        self.where, self.reason = where, reason
        super().__init__(f"{where} cannot be read: {reason}\nIt was not touched.{advice and chr(10) + advice}")


class RefusedTreeError(MalformedError):
    """A repository holds something that must not be written to disk.

    Attributes:
        where: the repository and commit.
        path: the file concerned, as git names it.
        reason: why it is refused, with the limit if there is one.
    """

    def __init__(self, where: str, path: str, reason: str) -> None:
        self.where, self.path, self.reason = where, path, reason
        super().__init__(
            f"{where} was not written to disk\n  file   {path!a}\n  reason {reason}\nNothing of it was kept."
        )


class MalformedWeightsError(MalformedError):
    """A weights file that is not what it says: broken, cut off, or made to break whoever reads it.

    Attributes:
        file: which one: its path, or its URL.
        reason: what is wrong with it, with the limit if there is one.
    """

    def __init__(self, file: str, reason: str) -> None:
        self.file, self.reason = file, reason
        super().__init__(f"{file} was not read: it is no sound file of weights\n  {reason}\nNothing of it was used.")
