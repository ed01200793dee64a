"""Which mails an action on orders would send, asked of whoever sends them: they register, the pages ask.

Of many orders at most so many are told: a mail that went out before is not sent again, which is asked for single
orders only.
"""

from orders.mail_forecast.forecasters import Forecaster, MailSample, register_mail_forecast
from orders.mail_forecast.occasions import FIELDS, Occasion
from orders.mail_forecast.one_order import OrderForecast
from orders.mail_forecast.selection import mails_of_action, sample_of_action

__all__ = [
    "FIELDS",
    "Forecaster",
    "MailSample",
    "Occasion",
    "OrderForecast",
    "mails_of_action",
    "register_mail_forecast",
    "sample_of_action",
]
