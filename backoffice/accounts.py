from allauth.account.adapter import DefaultAccountAdapter


class StaffAccountAdapter(DefaultAccountAdapter):
    """Staff are invited, nobody signs up."""

    def is_open_for_signup(self, request) -> bool:
        return False
