"""What happens behind /RPC and behind the pages about it."""

from orderpull.services.answers import answer, count_answer
from orderpull.services.entry import (
    FAILURES_ALLOWED,
    IDS_ALLOWED,
    WINDOW,
    Pull,
    check_for_nothing,
    check_signature,
    enter,
    issue_rpc_id,
)
from orderpull.services.log import forget_old_calls, write_down
from orderpull.services.settings import (
    PartnerExists,
    TooManyPartners,
    add_partner,
    new_key,
    note_event,
    open_demo_shops,
    remove_partner,
    replace_partner_key,
    rotate_key,
    save_settings,
    settings_of,
    show_key,
)
from orderpull.services.updates import Updated, check_updates_accepted, update_order

__all__ = [
    "FAILURES_ALLOWED",
    "IDS_ALLOWED",
    "WINDOW",
    "PartnerExists",
    "Pull",
    "TooManyPartners",
    "Updated",
    "add_partner",
    "answer",
    "check_for_nothing",
    "check_signature",
    "check_updates_accepted",
    "count_answer",
    "enter",
    "forget_old_calls",
    "issue_rpc_id",
    "new_key",
    "note_event",
    "open_demo_shops",
    "remove_partner",
    "replace_partner_key",
    "rotate_key",
    "save_settings",
    "settings_of",
    "show_key",
    "update_order",
    "write_down",
]
