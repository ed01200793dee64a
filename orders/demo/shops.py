"""The shops of the demo world with their people, statuses and folders; names and numbers are a contract."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from django.contrib.auth.hashers import make_password

from backoffice.actor import Actor, Channel
from backoffice.colours import Colour
from backoffice.models import Shop, StaffMember, User
from backoffice.roles import Role
from orders.models import Folder
from statuses.kinds import Kind, RowLook, Shape
from statuses.models import ShopStatus

PASSWORD = "backoffice-demo"  # noqa: S105  (printed in the manual; production refuses the demo)
GIFTS, GIFTS_ENGLISH, SWEDISH, TEA = "12345", "12346", "54321", "77700"

SHOPS = {
    GIFTS: {
        "name": "Noorderlicht Wonen",
        "colour": Colour.INDIGO,
        "company": "Noorderlicht Wonen B.V.",
        "street": "Havenkade 12",
        "postcode": "9711 AB",
        "city": "Groningen",
        "country": "NL",
        "email": "winkel@12345.example",
        "phone": "+31 50 000 1234",
        "vat_number": "NL000012345B01",
        "registration_number": "00012345",
        "iban": "NL91ABNA0417164300",
        "time_zone": "Europe/Amsterdam",
        "currency": "EUR",
        "language": "nl",
        "plan_key": "professional",
    },
    SWEDISH: {
        "name": "Norrsken Presenter",
        "colour": Colour.TEAL,
        "company": "Norrsken Presenter AB",
        "street": "Storgatan 8",
        "postcode": "903 26",
        "city": "Umeå",
        "country": "SE",
        "email": "butik@54321.example",
        "phone": "+46 90 000 54 32",
        "vat_number": "SE000054321001",
        "registration_number": "000054-3210",
        "iban": "SE4550000000058398257466",
        "time_zone": "Europe/Stockholm",
        "currency": "SEK",
        "language": "sv",
        "plan_key": "basic",
        "line_order": Shop.LineOrder.LOCATION,
    },
    TEA: {
        "name": "Theehuis Zeven",
        "colour": Colour.ORANGE,
        "company": "Theehuis Zeven",
        "street": "Lindelaan 77",
        "postcode": "3511 CD",
        "city": "Utrecht",
        "country": "NL",
        "email": "post@77700.example",
        "phone": "+31 30 000 7770",
        "time_zone": "Europe/Amsterdam",
        "currency": "EUR",
        "language": "nl",
        "plan_key": "basic",
        "ready_rule": False,
    },
}
TARGET_SHOPS = {
    GIFTS_ENGLISH: {
        "base": GIFTS,
        "name": "Northern Light Home",
        "colour": Colour.PURPLE,
        "country": "GB",
        "email": "shop@12346.example",
        "time_zone": "Europe/London",
        "currency": "GBP",
        "language": "en",
        "plan_key": "professional",
    },
}
PEOPLE = {
    GIFTS: {
        Role.OWNER: "Marit Bakker",
        Role.MANAGER: "Jeroen Visser",
        Role.ORDERS: "Sanne Kuipers",
        Role.WAREHOUSE: "Tomas Dijkstra",
        Role.FINANCE: "Femke Hoekstra",
        Role.READ_ONLY: "Willem Jansen",
    },
    SWEDISH: {
        Role.OWNER: "Ingrid Wallin",
        Role.MANAGER: "Oskar Nyström",
        Role.ORDERS: "Maja Lindqvist",
        Role.WAREHOUSE: "Nils Ek",
        Role.FINANCE: "Greta Holm",
        Role.READ_ONLY: "Elin Sjöberg",
    },
    TEA: {Role.OWNER: "Lotte Peeters"},
}
# One person who serves two shops, so that there is something to switch between.
HELPER_EMAIL, HELPER_NAME = "helper@noorderlicht.example", "Youssef El Amrani"
HELPER_ROLES = {GIFTS: Role.ORDERS, SWEDISH: Role.MANAGER}


@dataclass(frozen=True)
class OwnStatus:
    """A status of the shop's own; `stands_for` is empty for internal ones."""

    kind: str
    code: str
    names: tuple[str, str, str]
    colour: str
    stands_for: str = ""
    shape: str = Shape.HALF
    row_look: str = RowLook.NONE
    is_builtin: bool = False
    is_todo: bool = False


STATUSES = {
    GIFTS: (
        OwnStatus(
            Kind.FULFILMENT,
            "picking",
            ("Being picked", "Wordt verzameld", "Plockas"),
            Colour.PURPLE,
            "in_progress",
            row_look=RowLook.EDGE,
            is_todo=True,
        ),
        OwnStatus(
            Kind.FULFILMENT,
            "backordered",
            ("Backordered", "Wacht op voorraad", "Restnoterad"),
            Colour.ORANGE,
            row_look=RowLook.ROW,
            is_builtin=True,
            is_todo=True,
        ),
        OwnStatus(
            Kind.INTERNAL,
            "waiting-for-supplier",
            ("Waiting for supplier", "Wacht op leverancier", "Väntar på leverantör"),
            Colour.YELLOW,
            shape=Shape.OPEN,
        ),
        OwnStatus(Kind.INTERNAL, "gift-wrap", ("Gift wrap", "Cadeau inpakken", "Slås in som present"), Colour.PINK),
        OwnStatus(
            Kind.INTERNAL,
            "call-customer",
            ("Call customer", "Klant bellen", "Ring kunden"),
            Colour.RED,
            shape=Shape.OPEN,
        ),
    ),
    SWEDISH: (
        OwnStatus(
            Kind.FULFILMENT,
            "engraving",
            ("At the engraver", "Bij de graveur", "Hos gravören"),
            Colour.INDIGO,
            "in_progress",
            row_look=RowLook.EDGE,
            is_todo=True,
        ),
        OwnStatus(
            Kind.INTERNAL,
            "call-customer",
            ("Call customer", "Klant bellen", "Ring kunden"),
            Colour.RED,
            shape=Shape.OPEN,
        ),
    ),
    TEA: (),
}
FOLDERS = {
    GIFTS: {
        "B2B": Colour.INDIGO,
        "Christmas campaign": Colour.GREEN,
        "Trade fair": Colour.ORANGE,
        "To be checked": Colour.RED,
    },
    SWEDISH: {"Julmarknad": Colour.RED, "Återförsäljare": Colour.BLUE},
    TEA: {},
}


@dataclass(frozen=True)
class Market:
    """How a shop sells: to which home market and from which country, what a pound of the data set costs there, how
    much of its custom is trade."""

    home: str
    seller: str
    currency: str
    per_pound: Decimal
    companies: float
    prices_include_vat: bool
    carriers: tuple[str, ...]


MARKETS = {
    GIFTS: Market("NL", "NL", "EUR", Decimal(1), 0.75, False, ("PostNL", "PostNL", "DHL", "DPD", "UPS")),
    GIFTS_ENGLISH: Market("GB", "NL", "GBP", Decimal(1), 0.75, False, ("DHL", "UPS", "DPD")),
    SWEDISH: Market("SE", "SE", "SEK", Decimal(13), 0.1, True, ("PostNord", "PostNord", "DHL", "UPS")),
    TEA: Market("NL", "NL", "EUR", Decimal(1), 0.0, True, ("PostNL", "DHL")),
}


@dataclass
class Stage:
    """A shop that is ready to receive orders, with everything an order's past refers to."""

    shop: Shop
    target_shop: Shop | None
    actors: dict[str, Actor]
    own_statuses: dict[tuple[str, str], ShopStatus] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)

    def by(self, role: str) -> Actor:
        """Who does the work of `role` here; the owner where nobody else is."""
        return self.actors.get(role) or self.actors[Role.OWNER]


def build_shops(say: Callable[[str], None]) -> dict[str, Stage]:
    """Create all shops of the demo world, {number: Stage}; target shops stand on the stage of their base shop."""
    stages = {}
    password = make_password(PASSWORD)
    for number, values in SHOPS.items():
        shop = Shop.objects.create(number=number, **values)
        stages[number] = Stage(shop, None, _hire(shop, PEOPLE[number], password))
        _fill(stages[number])
        say(f"Shop {number} {shop.name}")
    for number, values in TARGET_SHOPS.items():
        base = stages[values["base"]]
        rest = {name: value for name, value in values.items() if name != "base"}
        base.target_shop = Shop.objects.create(number=number, base_shop=base.shop, **rest)
        say(f"Target shop {number} {base.target_shop.name}")
    helper = User.objects.create(email=HELPER_EMAIL, name=HELPER_NAME, password=password)
    for number, role in HELPER_ROLES.items():
        StaffMember.objects.create(shop=stages[number].shop, user=helper, role=role)
    return stages


def _hire(shop: Shop, people: dict[str, str], password: str) -> dict[str, Actor]:
    """Give a shop its staff; `password` is hashed, once for all of them, because that takes its time on purpose."""
    actors = {}
    for role, name in people.items():
        user = User.objects.create(email=f"{role}@{shop.number}.example", name=name, password=password)
        StaffMember.objects.create(shop=shop, user=user, role=role)
        actors[role] = Actor(name, Channel.WEB, user.pk, f"192.0.2.{len(actors) + 1}")
    return actors


def _fill(stage: Stage) -> None:
    number = stage.shop.number
    for status in STATUSES[number]:
        english, dutch, swedish = status.names
        row = ShopStatus.objects.create(
            shop=stage.shop,
            kind=status.kind,
            code=status.code,
            is_builtin=status.is_builtin,
            stands_for=status.stands_for,
            name_en=english,
            name_nl=dutch,
            name_sv=swedish,
            colour=status.colour,
            shape=status.shape,
            row_look=status.row_look,
            is_todo=status.is_todo,
            is_shown_to_customer=status.is_builtin,
        )
        stage.own_statuses[status.kind, status.code] = row
    for position, (name, colour) in enumerate(FOLDERS[number].items(), start=1):
        folder = Folder.objects.create(shop=stage.shop, name=name, colour=colour, position=position)
        stage.folders[name] = folder
