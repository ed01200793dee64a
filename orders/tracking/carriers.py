"""The carriers that are known here: what they are called, where they deliver, where their parcels are followed."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from orders.models import Address

NORDIC = frozenset({"SE", "DK", "NO", "FI"})
BENELUX = frozenset({"NL", "BE", "LU"})


@dataclass(frozen=True)
class Destination:
    """Where a parcel goes, as far as a tracking page asks; any part may be empty."""

    country: str = ""
    postcode: str = ""
    language: str = "en"

    @classmethod
    def of(cls, address: Address, language: str) -> "Destination":
        return cls(address.country, address.postcode, (language or "en")[:2].lower())

    @property
    def plain_postcode(self) -> str:
        return "".join(filter(str.isalnum, self.postcode)).upper()


Url = Callable[[str, Destination], str]


@dataclass(frozen=True)
class Carrier:
    """`delivers_in` is None for the whole world; `words` are what a shipping method may call the carrier."""

    name: str
    url: Url
    delivers_in: frozenset[str] | None = None
    words: tuple[str, ...] = ()

    def may_deliver_in(self, country: str) -> bool:
        return not country or self.delivers_in is None or country in self.delivers_in


def _page(template: str) -> Url:
    """A tracking page that needs the code alone (`{code}`), perhaps in the reader's `{language}`."""

    def url(code: str, to: Destination) -> str:
        return template.format(code=quote(code, safe=""), language=to.language)

    return url


def _postnl(code: str, to: Destination) -> str:
    """Inland the page asks for the postcode too. Source: PostNL, "Direct links to Track & Trace" (B, P, D, T, L)."""
    country = to.country or "NL"
    postcode = f"&P={quote(to.plain_postcode)}" if to.plain_postcode else ""
    language = "NL" if to.language == "nl" else "EN"
    return f"https://postnl.nl/tracktrace/?B={quote(code)}{postcode}&D={quote(country)}&T=C&L={language}"


def _bpost(code: str, to: Destination) -> str:
    """Source: `lang`, `itemCode` and `postalCode` of bpost's own links (track.bpost.cloud)."""
    language = to.language if to.language in {"nl", "fr", "de"} else "en"
    postcode = f"&postalCode={quote(to.plain_postcode)}" if to.plain_postcode else ""
    return f"https://track.bpost.cloud/btr/web/#/search?lang={language}&itemCode={quote(code)}{postcode}"


def _dhl(code: str, to: Destination) -> str:
    """Dutch parcels are followed at DHL eCommerce, German ones at DHL Paket, all others at the worldwide page."""
    if code.startswith(("JVGL", "3S")) or (code.startswith("JJD") and to.country in BENELUX):
        key = f"{code}+{to.plain_postcode}" if to.plain_postcode else code
        return f"https://my.dhlecommerce.nl/home/tracktrace/{quote(key, safe='+')}"
    if to.country == "DE" and len(code) in {12, 20}:
        return f"https://www.dhl.de/de/privatkunden/dhl-sendungsverfolgung.html?piececode={quote(code)}"
    return f"https://www.dhl.com/global-en/home/tracking.html?tracking-id={quote(code)}&submit=1"


def _dpd(code: str, to: Destination) -> str:
    number = quote(code[:14])
    if to.country == "DE" and to.plain_postcode:
        return f"https://my.dpd.de/redirect.aspx?action=1&pno={number}&zip={quote(to.plain_postcode)}&lng=de_DE"
    language = {"nl": "nl_NL", "sv": "sv_SE", "de": "de_DE", "fr": "fr_FR"}.get(to.language, "en_US")
    return f"https://tracking.dpd.de/status/{language}/parcel/{number}"


def _gls(code: str, to: Destination) -> str:
    """In the Netherlands the page asks for the postcode (gls-info.nl)."""
    if to.country == "NL" and to.plain_postcode:
        return f"https://www.gls-info.nl/tracking?parcelNo={quote(code)}&zipcode={quote(to.plain_postcode)}"
    return f"https://gls-group.eu/EU/en/parcel-tracking?match={quote(code)}"


def _trunkrs(code: str, to: Destination) -> str:
    """The page is the number and the postcode (parcel.trunkrs.nl); without a postcode only its door can be shown."""
    if not to.plain_postcode:
        return "https://parcel.trunkrs.nl/"
    return f"https://parcel.trunkrs.nl/{quote(code)}/{quote(to.plain_postcode)}"


def _postnord(code: str, to: Destination) -> str:
    language = {"sv": "se", "da": "dk", "no": "no", "nb": "no", "fi": "fi"}.get(to.language, "en")
    return f"https://tracking.postnord.com/{language}/?id={quote(code)}"


_BRITISH_ISLES = frozenset({"GB", "IE", "JE", "GG", "IM"})
_KNOWN = (
    Carrier("PostNL", _postnl),
    Carrier("DHL", _dhl),
    Carrier("DPD", _dpd),
    Carrier("GLS", _gls),
    Carrier("UPS", _page("https://www.ups.com/track?loc={language}&tracknum={code}")),
    Carrier("FedEx", _page("https://www.fedex.com/fedextrack/?trknbr={code}")),
    Carrier("TNT", _page("https://www.tnt.com/express/en_gb/site/tracking.html?searchType=con&cons={code}")),
    Carrier("bpost", _bpost),
    Carrier("PostNord", _postnord),
    Carrier("Bring", _page("https://tracking.bring.com/tracking/{code}?lang={language}"), words=("posten", "bring")),
    Carrier(
        "DB Schenker", _page("https://www.dbschenker.com/app/tracking-public/?refNumber={code}"), words=("schenker",)
    ),
    Carrier("Budbee", _page("https://track.budbee.com/{code}"), NORDIC | BENELUX),
    Carrier("Instabox", _page("https://track.instabox.io/{code}"), NORDIC | {"NL", "DE"}),
    Carrier("Trunkrs", _trunkrs, BENELUX),
    Carrier("Homerr", _page("https://vintedgo.com/tracking?tracking={code}"), BENELUX | {"FR"}),
    Carrier(
        "Deutsche Post", _page("https://www.deutschepost.de/de/s/sendungsverfolgung/verfolgen.html?piececode={code}")
    ),
    Carrier(
        "Hermes",
        _page("https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation#{code}"),
        frozenset({"DE", "AT"}),
    ),
    Carrier("Royal Mail", _page("https://www.royalmail.com/portal/rm/track?trackNumber={code}")),
    Carrier("Parcelforce", _page("https://www.parcelforce.com/track-trace?trackNumber={code}")),
    Carrier("Evri", _page("https://www.evri.com/track/parcel/{code}"), _BRITISH_ISLES),
    Carrier("Yodel", _page("https://www.yodel.co.uk/tracking/{code}"), _BRITISH_ISLES),
    Carrier(
        "Colissimo",
        _page("https://www.laposte.fr/outils/suivre-vos-envois?code={code}"),
        words=("colissimo", "la poste"),
    ),
    Carrier(
        "Correos",
        _page("https://www.correos.es/es/es/herramientas/localizador/envios/detalle?tracking-number={code}"),
    ),
    Carrier("USPS", _page("https://tools.usps.com/go/TrackConfirmAction?tLabels={code}")),
    Carrier("Posti", _page("https://www.posti.fi/en/tracking#/lahetys/{code}")),
    Carrier("Austrian Post", _page("https://www.post.at/s/sendungsdetails?snr={code}")),
    Carrier("Swiss Post", _page("https://service.post.ch/ekp-web/ui/entry/search/{code}")),
    Carrier("Poste Italiane", _page("https://www.poste.it/cerca/index.html#/risultati-spedizioni/{code}")),
    Carrier("Poczta Polska", _page("https://emonitoring.poczta-polska.pl/?lang=en&numer={code}")),
    Carrier("An Post", _page("https://www.anpost.com/Post-Parcels/Track/History?item={code}")),
    Carrier("CTT", _page("https://www.ctt.pt/feapl_2/app/open/objectSearch/objectSearch.jspx?objects={code}")),
    Carrier("China Post", _page("https://www.ems.com.cn/english/queryList?mailNum={code}")),
)
CARRIERS: dict[str, Carrier] = {carrier.name: carrier for carrier in _KNOWN}


def find_carrier(name: str) -> Carrier | None:
    """The carrier of that name, however it is written; None for one that is not known here."""
    wanted = name.strip().casefold()
    return next((carrier for carrier in CARRIERS.values() if carrier.name.casefold() == wanted), None)


def carriers_named_in(text: str) -> frozenset[str]:
    """The carriers that a shipping method names: `PostNL Standard` names PostNL."""
    padded = f" {''.join(mark if mark.isalnum() else ' ' for mark in text.casefold())} "
    return frozenset(
        carrier.name
        for carrier in CARRIERS.values()
        if any(f" {word} " in padded for word in carrier.words or (carrier.name.casefold(),))
    )


def tracking_url(carrier: str, code: str, to: Destination) -> str:
    """Where the parcel is followed; empty for a carrier that is not known here, or without a code."""
    known = find_carrier(carrier)
    return known.url(code, to) if known and code else ""
