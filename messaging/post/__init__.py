"""The ways a mail leaves: by SMTP, or into a folder where there is no server."""

from messaging.post.carrier import Post, Trouble
from messaging.post.route import post_of

__all__ = ["Post", "Trouble", "post_of"]
