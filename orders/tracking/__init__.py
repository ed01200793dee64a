"""Carriers by their tracking codes: who carries this parcel, is the code typed right, where does one follow it.

Nothing here asks the database or the network. Formats are read from what carriers and others have published; each
names its source. A code is CERTAIN only when its shape belongs to one carrier: ten digits that happen to pass a check
are a guess, so they ask.
"""

from orders.tracking.carriers import CARRIERS, Carrier, Destination, carriers_named_in, find_carrier, tracking_url
from orders.tracking.recognise import Recognised, Verdict, normalised, recognise

__all__ = [
    "CARRIERS",
    "Carrier",
    "Destination",
    "Recognised",
    "Verdict",
    "carriers_named_in",
    "find_carrier",
    "normalised",
    "recognise",
    "tracking_url",
]
