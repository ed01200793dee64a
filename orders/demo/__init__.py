"""A demo world made of real invoices; README.md says what is real and what is invented."""

from django.dispatch import Signal

# Sent once, when the demo world stands; carries `shops`, {number: Shop}. What the apps above the orders keep per
# shop they set up in their own receivers.
demo_world_built = Signal()
