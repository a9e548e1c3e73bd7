"""Links for people without an account: 256 bits signed with the secret of this site, so that a message can be written again.

What is kept of a link is a hash: whoever reads the database opens nothing. What is signed says which link of what it is.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode

from django.utils.crypto import salted_hmac


def token(kind: str, said: str) -> str:
    """The secret of the link to `said` (its key, and which link of it) among those of this kind; 43 characters, always the same."""
    return urlsafe_b64encode(salted_hmac(f"maillage.{kind}", said, algorithm="sha256").digest()).rstrip(b"=").decode()


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
