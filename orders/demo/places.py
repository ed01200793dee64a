"""Countries as the data set names them, and what names, towns and numbers look like there.

Everything in here is invented or common knowledge. Telephone numbers come from the ranges that the regulators keep
for fiction (Ofcom, PTS, Bundesnetzagentur, Arcep, ComReg, ACMA, 555-01xx) or cannot be dialled.

In patterns `#` is a digit and `@` a capital letter.
"""

from dataclasses import dataclass

HOME = "United Kingdom"
COUNTRIES = {
    "Australia": "AU",
    "Austria": "AT",
    "Bahrain": "BH",
    "Belgium": "BE",
    "Brazil": "BR",
    "Canada": "CA",
    "Channel Islands": "JE",
    "Cyprus": "CY",
    "Czech Republic": "CZ",
    "Denmark": "DK",
    "EIRE": "IE",
    "European Community": "",
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Greece": "GR",
    "Hong Kong": "HK",
    "Iceland": "IS",
    "Israel": "IL",
    "Italy": "IT",
    "Japan": "JP",
    "Lebanon": "LB",
    "Lithuania": "LT",
    "Malta": "MT",
    "Netherlands": "NL",
    "Norway": "NO",
    "Poland": "PL",
    "Portugal": "PT",
    "RSA": "ZA",
    "Saudi Arabia": "SA",
    "Singapore": "SG",
    "Spain": "ES",
    "Sweden": "SE",
    "Switzerland": "CH",
    "USA": "US",
    "United Arab Emirates": "AE",
    "United Kingdom": "GB",
    "Unspecified": "",
}
# Standard VAT rates of the European Union, for consumers abroad; a business with a VAT number pays none.
STANDARD_RATES = {
    "AT": 20,
    "BE": 21,
    "CY": 19,
    "CZ": 21,
    "DE": 19,
    "DK": 25,
    "ES": 21,
    "FI": 25,
    "FR": 20,
    "GR": 24,
    "IE": 23,
    "IT": 22,
    "LT": 21,
    "MT": 18,
    "NL": 21,
    "PL": 23,
    "PT": 23,
    "SE": 25,
}


@dataclass(frozen=True)
class Names:
    """Names of a language; `companies` take {last} and {city}."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    streets: tuple[str, ...]
    companies: tuple[str, ...]
    # Where the house number stands.
    address: str = "{street} {number}"
    extra: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """What an address in a country looks like; `towns` are (town, pattern of its postcodes, region)."""

    language: str
    names: str
    towns: tuple[tuple[str, str, str], ...]
    phone: str
    vat_number: str = ""


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NAMES = {
    "nl": Names(
        words(
            "Anouk Sanne Femke Lotte Mila Marit Eva Noor Iris Tess Jeroen Willem Tomas Jan Pieter Daan Bram Sem Ruben "
            "Youssef Fatima Wouter Joost Hanneke Maaike"
        ),
        (
            *("de Vries", "Jansen", "Bakker", "Visser", "Smit", "Mulder", "Kuipers", "Hoekstra", "van den Berg"),
            *("van Dijk", "Dijkstra", "Postma", "El Amrani", "Vermeer", "Schouten", "Kok", "’t Hart", "van der Meer"),
            *("Brouwer", "de Graaf", "Peeters", "Huisman"),
        ),
        words(
            "Dorpsstraat Molenweg Kerkstraat Havenkade Prinsengracht Stationsweg Lindelaan Oosterkade Beukenlaan "
            "Schoolstraat Nieuwstraat Raadhuisplein"
        ),
        (
            *("Cadeauwinkel {last}", "{last} Wonen", "Bloemsierkunst {last}", "Hotel {city}", "Studio {last}"),
            *(
                "Bakkerij {last}",
                "Drukkerij {last} B.V.",
                "Het Anker {city}",
                "{last} & Zonen B.V.",
                "Lunchroom {last}",
            ),
        ),
        extra=("2e verdieping", "bis", "Unit 4", "t.a.v. de receptie"),
    ),
    "sv": Names(
        words(
            "Maja Elin Ingrid Greta Astrid Alva Ebba Signe Oskar Nils Lars Erik Anders Gustav Åsa Björn Märta Johan "
            "Amira Viktor Karin Sven Linnéa"
        ),
        words(
            "Lindqvist Nyström Ek Wallin Sjöberg Holm Bergqvist Åkesson Lund Öberg Hedlund Sandström Forsberg Norén "
            "Malmström Haddad Ström Dahlgren"
        ),
        words(
            "Storgatan Kungsgatan Björkvägen Södergatan Skolgatan Strandvägen Ringvägen Ängsgatan Hamngatan "
            "Köpmangatan Kyrkogatan"
        ),
        (
            *("{last}s Presentbutik AB", "Café {last}", "{last} & Co AB", "Hemma hos {last}", "{city} Blomster AB"),
            *("{last} Inredning HB", "Pensionat {last}"),
        ),
        extra=("lgh 1102", "lgh 1303", "c/o Holm", "2 tr"),
    ),
    "en": Names(
        words(
            "Alice George Harriet Oliver Amelia Jack Isla Harry Priya Mohammed Charlotte Thomas Sian Callum Fiona "
            "Declan Niamh Grace Edward Ruth"
        ),
        (
            *("Smith", "Taylor", "Okafor", "Hughes", "Patel", "Wright", "Campbell", "O’Connor", "Fletcher", "Marsh"),
            *("Ashworth", "Pemberton", "Khan", "Reid", "Lloyd-Jones", "Baker", "Thornton", "Whitaker"),
        ),
        (
            *("High Street", "Station Road", "Mill Lane", "Church Road", "Victoria Terrace", "Castle Street"),
            *("The Green", "Harbour View", "Market Place", "Orchard Close"),
        ),
        (
            *("{last} & Daughters Ltd", "The {city} Gift Room", "{last} Interiors", "{last}'s Emporium"),
            *("The Old Bakery, {city}", "{last} Florists Ltd", "{last} Garden Centre"),
        ),
        "{number} {street}",
        ("Flat 2", "Unit 7, The Maltings", "First floor", "c/o Reception"),
    ),
    "de": Names(
        words("Anna Lena Jürgen Sabine Thomas Katrin Jörg Mia Lukas Hannelore Stefan Birgit Emre Uwe Leonie Felix"),
        words("Müller Schmidt Weiß Schäfer Becker Hoffmann Krüger Yılmaz Vogel Keller Lehmann Köhler Zimmermann"),
        words("Hauptstraße Gartenweg Bahnhofstraße Lindenallee Marktplatz Mühlenweg Goethestraße"),
        ("{last} Geschenke GmbH", "Blumenhaus {last}", "{last} & Söhne KG", "Gasthof {last}", "Wohnidee {city} e.K."),
        extra=("Hinterhaus", "3. OG", "bei Vogel"),
    ),
    "fr": Names(
        words("Camille Louis Élodie Julien Chloé Hugo Margaux Noël Inès Mathieu Sophie Benoît Léa François"),
        words("Martin Bernard Lefèvre Dubois Moreau Garçon Fournier Girard Benali Rousseau Mercier Chevalier"),
        (
            *("rue de la République", "avenue Victor-Hugo", "place du Marché", "rue des Écoles", "quai Saint-Michel"),
            *("chemin des Vignes", "impasse de l’Église"),
        ),
        ("Maison {last}", "Fleurs et Cadeaux {last}", "Librairie {last} SARL", "L’Atelier de {city}", "Hôtel {last}"),
        "{number} {street}",
        ("Bâtiment B", "3e étage", "Apt. 12"),
    ),
    "es": Names(
        words("Lucía Javier Carmen Álvaro Marta Iñigo Elena Sergio Nuria Beatriz Tomás João Inês"),
        words("García Fernández López Núñez Ibáñez Romero Ortega Peña Silva Carvalho Gonçalves"),
        ("Calle Mayor", "Avenida de la Libertad", "Calle del Sol", "Plaza Nueva", "Paseo Marítimo"),
        ("Regalos {last} S.L.", "Floristería {last}", "Casa {last}", "Hostal {city}"),
        "{street}, {number}",
        ("2º B", "Bajo", "Esc. 1"),
    ),
    "it": Names(
        words("Giulia Marco Chiara Luca Francesca Niccolò Sofia Davide Elisa Matteo"),
        words("Rossi Bianchi Ferrari Esposito Romano Colombo D’Angelo Conti Gallo"),
        ("Via Roma", "Corso Italia", "Piazza Garibaldi", "Via dei Mille", "Viale Europa"),
        ("{last} Casa S.r.l.", "Regali {last}", "Fioreria {last}", "Bottega di {city}"),
        "{street}, {number}",
        ("Scala A", "int. 4"),
    ),
}

PLACES = {
    "NL": Place(
        "nl",
        "nl",
        (
            ("Amsterdam", "10## @@", ""),
            ("Rotterdam", "30## @@", ""),
            ("Utrecht", "35## @@", ""),
            ("Groningen", "97## @@", ""),
            ("Den Haag", "25## @@", ""),
            ("Eindhoven", "56## @@", ""),
            ("’s-Hertogenbosch", "52## @@", ""),
            ("Leeuwarden", "89## @@", ""),
            ("Zwolle", "80## @@", ""),
            ("Middelburg", "43## @@", ""),
        ),
        "+31 6 0#######",
        "NL#########B01",
    ),
    "SE": Place(
        "sv",
        "sv",
        (
            ("Stockholm", "11# ##", ""),
            ("Göteborg", "41# ##", ""),
            ("Malmö", "21# ##", ""),
            ("Uppsala", "75# ##", ""),
            ("Umeå", "90# ##", ""),
            ("Örebro", "70# ##", ""),
            ("Växjö", "35# ##", ""),
            ("Visby", "62# ##", ""),
        ),
        "+46 70 174 06 #5",
        "SE##########01",
    ),
    "GB": Place(
        "en",
        "en",
        (
            ("London", "SW# #@@", ""),
            ("Leeds", "LS# #@@", "West Yorkshire"),
            ("Bristol", "BS# #@@", ""),
            ("Norwich", "NR# #@@", "Norfolk"),
            ("York", "YO# #@@", "North Yorkshire"),
            ("Edinburgh", "EH# #@@", ""),
            ("Cardiff", "CF# #@@", ""),
            ("Brighton", "BN# #@@", "East Sussex"),
        ),
        "+44 1632 960###",
        "GB#########",
    ),
    "DE": Place(
        "de",
        "de",
        (
            ("Berlin", "101##", ""),
            ("Hamburg", "200##", ""),
            ("München", "803##", ""),
            ("Köln", "506##", ""),
            ("Würzburg", "970##", ""),
            ("Lübeck", "235##", ""),
        ),
        "+49 30 23125 ###",
        "DE#########",
    ),
    "FR": Place(
        "fr",
        "fr",
        (
            ("Paris", "750##", ""),
            ("Lyon", "690##", ""),
            ("Nîmes", "300##", ""),
            ("Besançon", "250##", ""),
            ("Saint-Étienne", "420##", ""),
        ),
        "+33 1 99 00 ## ##",
        "FR###########",
    ),
    "BE": Place(
        "nl",
        "nl",
        (("Antwerpen", "20##", ""), ("Gent", "90##", ""), ("Leuven", "30##", ""), ("Brugge", "80##", "")),
        "+32 0## ## ## ##",
        "BE0#########",
    ),
    "IE": Place(
        "en",
        "en",
        (("Dublin", "D0# @###", ""), ("Cork", "T12 @###", "County Cork"), ("Galway", "H91 @###", "County Galway")),
        "+353 20 91# ####",
        "IE#######@",
    ),
    "ES": Place(
        "es",
        "es",
        (("Madrid", "280##", ""), ("Málaga", "290##", ""), ("A Coruña", "150##", ""), ("Sevilla", "410##", "")),
        "+34 000 ### ###",
        "ES@########",
    ),
    "PT": Place("pt", "es", (("Lisboa", "11##-###", ""), ("Porto", "40##-###", "")), "+351 00# ### ###", "PT#########"),
    "IT": Place(
        "it",
        "it",
        (("Milano", "201##", "MI"), ("Torino", "101##", "TO"), ("Forlì", "471##", "FC"), ("Roma", "001##", "RM")),
        "+39 000 ### ####",
        "IT###########",
    ),
    "NO": Place("no", "sv", (("Oslo", "01##", ""), ("Bergen", "50##", ""), ("Tromsø", "90##", "")), "+47 00 ## ## ##"),
    "DK": Place(
        "da",
        "sv",
        (("København", "21##", ""), ("Aarhus", "80##", ""), ("Odense", "50##", "")),
        "+45 00 ## ## ##",
        "DK########",
    ),
    "FI": Place(
        "fi",
        "sv",
        (("Helsinki", "001##", ""), ("Turku", "201##", ""), ("Jyväskylä", "401##", "")),
        "+358 00 ### ####",
        "FI########",
    ),
    "IS": Place("is", "sv", (("Reykjavík", "1##", ""), ("Akureyri", "60#", "")), "+354 000 ####"),
    "CH": Place("de", "de", (("Zürich", "80##", ""), ("Bern", "30##", ""), ("Genève", "120#", "")), "+41 00 ### ## ##"),
    "AT": Place(
        "de",
        "de",
        (("Wien", "10##", ""), ("Graz", "80##", ""), ("Mödling", "23##", "")),
        "+43 0 ### ## ##",
        "ATU########",
    ),
    "JE": Place("en", "en", (("St Helier", "JE2 #@@", "Jersey"), ("Gorey", "JE3 #@@", "Jersey")), "+44 1534 0#####"),
    "GG": Place("en", "en", (("St Peter Port", "GY1 #@@", "Guernsey"),), "+44 1481 0#####"),
    "US": Place(
        "en",
        "en",
        (("Portland", "972##", "OR"), ("Boston", "021##", "MA"), ("Austin", "787##", "TX")),
        "+1 503 555 01##",
    ),
    "CA": Place("en", "en", (("Toronto", "M5@ #@#", "ON"), ("Montréal", "H2@ #@#", "QC")), "+1 416 555 01##"),
    "AU": Place("en", "en", (("Melbourne", "30##", "VIC"), ("Hobart", "70##", "TAS")), "+61 491 570 ###"),
    "ZA": Place("en", "en", (("Cape Town", "80##", ""), ("Durban", "40##", "")), "+27 00 ### ####"),
    "PL": Place(
        "pl",
        "de",
        (("Kraków", "30-###", ""), ("Łódź", "90-###", ""), ("Gdańsk", "80-###", "")),
        "+48 000 ### ###",
        "PL##########",
    ),
    "CZ": Place("cs", "de", (("Praha", "11# ##", ""), ("Brno", "60# ##", "")), "+420 000 ### ###", "CZ########"),
    "GR": Place(
        "el", "it", (("Athina", "10# ##", ""), ("Thessaloniki", "54# ##", "")), "+30 000 ### ####", "EL#########"
    ),
    "CY": Place("el", "it", (("Lemesos", "30##", ""), ("Lefkosia", "10##", "")), "+357 00 ######", "CY########@"),
    "MT": Place("en", "it", (("Valletta", "VLT 1###", ""), ("Sliema", "SLM 1###", "")), "+356 0000 ####", "MT########"),
    "LT": Place("lt", "de", (("Vilnius", "LT-01###", ""), ("Kaunas", "LT-44###", "")), "+370 000 #####", "LT#########"),
    "JP": Place(
        "ja", "en", (("Tokyo", "100-00##", "Chiyoda-ku"), ("Kyoto", "600-80##", "Shimogyo-ku")), "+81 00 #### ####"
    ),
    "HK": Place("en", "en", (("Hong Kong", "", "Kowloon"), ("Hong Kong", "", "Wan Chai")), "+852 0000 ####"),
    "SG": Place("en", "en", (("Singapore", "04####", ""), ("Singapore", "23####", "")), "+65 0000 ####"),
    "IL": Place("en", "en", (("Tel Aviv", "61#####", ""), ("Haifa", "31#####", "")), "+972 00 ### ####"),
    "AE": Place("en", "en", (("Dubai", "", "Dubai"), ("Sharjah", "", "Sharjah")), "+971 00 ### ####"),
    "SA": Place("en", "en", (("Riyadh", "11###", ""), ("Jeddah", "21###", "")), "+966 00 ### ####"),
    "BH": Place("en", "en", (("Manama", "3##", ""),), "+973 0000 ####"),
    "LB": Place("fr", "fr", (("Beyrouth", "1107 ####", ""),), "+961 0 ### ###"),
    "BR": Place("pt", "es", (("São Paulo", "01###-###", "SP"), ("Recife", "50###-###", "PE")), "+55 00 0### ####"),
}
