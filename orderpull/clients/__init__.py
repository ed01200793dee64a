"""Programs to begin with, for whoever builds the other side. They run as they are; the pages fill in address and shop.

The key is never in them: they take it from the environment.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
LANGUAGES = {"curl": "pull.sh", "PHP": "pull.php", "Python": "pull.py"}
# What stands in the programs for the shop that they are shown to.
ADDRESS, NUMBER = "https://backoffice.example", "12345"


def program(language: str, *, address: str, shop_number: str) -> str:
    """The program in `language` for a shop at `address` (scheme and host)."""
    text = (FOLDER / LANGUAGES[language]).read_text(encoding="utf-8")
    return text.replace(ADDRESS, address).replace(f'"{NUMBER}"', f'"{shop_number}"')
