"""What can be refused, with what the caller needs to say why."""

from django.utils.translation import gettext as _


class OrderNotFound(LookupError):
    """No such order in this shop."""


class ChangeRefused(Exception):
    """Base of refusals a person may read; `str()` is a sentence in the current language."""


class StatusChangeRefused(ChangeRefused):
    """The transition table does not allow the move. Carries the built-in codes and their labels."""

    def __init__(self, old_label: str, new_label: str):
        self.old_label, self.new_label = old_label, new_label
        super().__init__(_("An order that is %(old)s cannot become %(new)s.") % {"old": old_label, "new": new_label})


class UnknownStatus(ChangeRefused):
    def __init__(self, code: str):
        self.code = code
        super().__init__(_("There is no such status."))


class OrderIsDeleted(ChangeRefused):
    def __init__(self) -> None:
        super().__init__(_("This order is in Deleted. Restore it first."))


class ChangedMeanwhile(ChangeRefused):
    """Somebody else changed the same field since the caller looked."""

    def __init__(self, by: str, current_label: str):
        self.by, self.current_label = by, current_label
        super().__init__(_("%(by)s set this to %(status)s meanwhile.") % {"by": by, "status": current_label})


class NothingToUndo(ChangeRefused):
    def __init__(self) -> None:
        super().__init__(_("This can no longer be undone: something else followed."))


class OrderRefused(ChangeRefused):
    """An order that cannot be placed; `errors` is {field: [sentence, …]} with every error at once."""

    def __init__(self, errors: dict[str, list[str]]):
        self.errors = errors
        super().__init__("; ".join(f"{field}: {' '.join(problems)}" for field, problems in errors.items()))


class InputRefused(ChangeRefused):
    """What was asked for cannot be; `errors` is {field: [sentence, …]}, under "" for the whole, every error at once."""

    def __init__(self, errors: dict[str, list[str]]):
        self.errors = errors
        super().__init__(" ".join(sentence for sentences in errors.values() for sentence in sentences))


class RefundedMeanwhile(ChangeRefused):
    """Somebody else refunded something since the caller looked."""

    def __init__(self, by: str):
        self.by = by
        super().__init__(_("%(by)s made a refund meanwhile. Look again at what is left.") % {"by": by})
