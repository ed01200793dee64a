"""Sign-ins and failed tries end up in the security log."""

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from backoffice.models import SecurityEvent
from backoffice.network import client_ip


@receiver(user_logged_in)
def note_sign_in(sender, request, user, **kwargs) -> None:
    SecurityEvent.objects.create(
        kind=SecurityEvent.Kind.SIGNED_IN, user=user, email=user.email, ip_address=client_ip(request)
    )


@receiver(user_logged_out)
def note_sign_out(sender, request, user, **kwargs) -> None:
    if user is not None:
        SecurityEvent.objects.create(
            kind=SecurityEvent.Kind.SIGNED_OUT, user=user, email=user.email, ip_address=client_ip(request)
        )


@receiver(user_login_failed)
def note_failed_sign_in(sender, credentials, request=None, **kwargs) -> None:
    email = str(credentials.get("email") or credentials.get("username") or "")[:254]
    SecurityEvent.objects.create(
        kind=SecurityEvent.Kind.SIGN_IN_FAILED,
        email=email.replace("\x00", ""),
        ip_address=client_ip(request) if request else None,
    )
