"""Arguments as they may be told: locks and statements are published, models are sent to others with what they carry."""

import re
from typing import Any

from rehub.words.unverified import without_secrets

# A word of an argument's name; not tokenizer, key_dim or passes.
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:token|password|passwd|pwd|secret|credentials?|auth|apikey|(?:api|access|private)_key)(?:$|_)",
    re.IGNORECASE,
)
# Source: the prefixes that GitHub, GitLab and Hugging Face give to their tokens, so that such are found.
_TOKEN = re.compile(r"\b(?:gh[opsur]_|github_pat_|glpat-|hf_)\w{16,}")


def harmless(value: Any, name: str = "") -> Any:
    """Leave out of an argument what could let somebody in.

    Args:
        value: a literal.
        name: of the argument, or the key that it stands under.

    Example:
        >>> harmless("s3cret", "api_token"), harmless("bpe", "tokenizer"), harmless(["https://ada:s3cret@a.org/b"])
        ('<str>', 'bpe', ['https://a.org/b'])
    """
    kind = type(value)
    if kind is str:
        if _SECRET_NAME.search(name) or _TOKEN.search(value):
            return "<str>"
        return without_secrets(value) if "://" in value else value
    if kind in {list, tuple, set, frozenset}:
        return kind(harmless(each, name) for each in value)
    if kind is dict:
        return {key: harmless(each, key if type(key) is str else name) for key, each in value.items()}
    return value
