"""The words of the built-in layouts in the languages they are made for, found by their English text."""

WORDS: dict[str, dict[str, str]] = {
    "nl": {"Invoice": "Factuur", "Credit note": "Creditnota", "Packing slip": "Pakbon"},
    "sv": {"Invoice": "Faktura", "Credit note": "Kreditfaktura", "Packing slip": "Följesedel"},
}


def word(text: str, language: str) -> str:
    """`text` in `language` (a code such as `nl` or `nl-BE`); what has no translation stays English."""
    return WORDS.get(language[:2], {}).get(text, text)
