"""What customers and staff write, by language. All invented."""

CUSTOMER_MESSAGES = {
    "nl": (
        "Graag vóór vrijdag leveren, dan gaat de winkel open.",
        "De bel is kapot, graag even bellen als u voor de deur staat.",
        "Kunt u de kaarsen apart inpakken? Vorige keer was er één gebroken.",
        "Zelfde adres als de vorige keer. Dank u wel!",
        "Mag de factuur op naam van de stichting?",
    ),
    "sv": (
        "Lämna gärna paketet hos grannen, dörren till vänster.",
        "Kan ni skriva ”Grattis Märta!” på kortet?",
        "Vi behöver allt före lördag, går det?",
        "Portkod 1234. Tack!",
    ),
    "en": (
        "Please deliver to the back entrance, the front is up a flight of steps.",
        "This is a present: no prices in the parcel, please.",
        "Could you hold this until the 42 cm baskets are back in stock and send everything together?",
        "Last time two mugs arrived broken, please use more paper.",
        "Our order number is PO-2291, please put it on the invoice.",
    ),
    "de": (
        "Bitte nicht beim Nachbarn abgeben.",
        "Bitte als Geschenk verpacken, ohne Rechnung im Paket.",
    ),
    "fr": ("Merci de livrer le matin, la boutique ferme à 13 h.", "C’est un cadeau, sans facture SVP."),
}
INTERNAL_NOTES = {
    "nl": (
        "Klant gebeld, maandag leveren is ook goed.",
        "Let op: vaste klant, 2e levering dit jaar met breuk. Extra papier.",
        "Betaling gecontroleerd met de bank.",
        "Doos 2 van 3 stond nog op de zolder, ligt nu bij G-04.",
    ),
    "sv": (
        "Ringde kunden, måndag går bra.",
        "Graveringen godkänd av kunden i mejl.",
        "Extra omslagspapper, glas.",
    ),
    "en": (
        "Called the customer, delivery next week is fine.",
        "Second breakage this year, use the double box.",
        "Paid twice by accident, bank sent one back.",
    ),
}
CUSTOMER_NOTES = {
    "nl": (
        "De manden volgen in een tweede zending.",
        "We hebben een ansichtkaart bijgesloten.",
        "Bedankt voor uw geduld!",
    ),
    "sv": ("Resten skickas så snart det är i lager.", "Tack för ert tålamod!"),
    "en": ("The baskets follow in a second parcel.", "Thank you for your patience!"),
}
HOLD_REASONS = {
    "nl": "Adres klopt niet, klant gemaild.",
    "sv": "Adressen stämmer inte, har mejlat kunden.",
    "en": "Address does not exist, mailed the customer.",
}
COMPLAINT_NOTES = {
    "nl": "Klant meldt breuk, foto’s in de mail. Nieuwe sturen zodra binnen.",
    "sv": "Kunden anmäler trasig vara, bilder i mejlen.",
    "en": "Customer reports breakage, photos in the mail.",
}
CANCELLED_NOTES = {
    "nl": "Op verzoek van de klant geannuleerd.",
    "sv": "Avbeställd av kunden.",
    "en": "Cancelled at the customer's request.",
}
CORRECTION_NOTES = {
    "nl": "Voorraadcorrectie van het magazijn.",
    "sv": "Lagerjustering.",
    "en": "Stock correction by the warehouse.",
}
AFFILIATES = ("stationery-blog", "newsletter-11", "partner-oost", "instagram-lotte", "prisjakt")


def in_language(texts: dict, language: str):
    """The texts of a language, else the English ones."""
    return texts.get(language, texts["en"])
