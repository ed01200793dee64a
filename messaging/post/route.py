"""Which way the mails of a shop leave."""

from django.conf import settings

from backoffice.models import Shop
from messaging.models import MailSettings, Security
from messaging.post.carrier import Post
from messaging.post.django_backend import DjangoPost
from messaging.post.folder import FolderPost
from messaging.post.smtp import Server, SmtpPost


def post_of(shop: Shop, own: MailSettings) -> Post:
    """The shop's own server, else the installation's, else the demo's mailbox."""
    if own.host:
        allowed = settings.MAIL_INTERNAL_HOSTS
        is_allowed = "*" in allowed or own.host.lower() in allowed
        return SmtpPost(Server(own.host, own.port, own.security, own.username, own.password, is_allowed))
    if uses_mailbox():
        return FolderPost(shop.number)
    if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return SmtpPost(installation_server())
    return DjangoPost()


def uses_mailbox() -> bool:
    """Whether the installation has no mail server, so that mails land in a folder that the back office shows."""
    return settings.EMAIL_BACKEND.endswith("filebased.EmailBackend")


def installation_server() -> Server:
    if settings.EMAIL_USE_SSL:
        security = Security.TLS
    else:
        security = Security.STARTTLS if settings.EMAIL_USE_TLS else Security.NONE
    return Server(
        settings.EMAIL_HOST,
        settings.EMAIL_PORT,
        security,
        settings.EMAIL_HOST_USER,
        settings.EMAIL_HOST_PASSWORD,
        may_be_internal=True,
    )
