from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from backoffice.network import client_ip


class StaffAccountAdapter(DefaultAccountAdapter):
    """Staff are invited, nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that limits are counted for: the same one as everywhere else.

        allauth's own reading fails where X-Forwarded-For names fewer proxies than there should be.
        """
        return client_ip(request) or "0.0.0.0"  # noqa: S104  (no address is bound; callers without one share a limit)
