"""How order numbers stand in an address."""


class OrderNumber:
    """`12` and `00012` name the same order; 18 digits are what a database key holds for certain."""

    regex = "[0-9]{1,18}"

    def to_python(self, text: str) -> int:
        return int(text)

    def to_url(self, number: int | str) -> str:
        return f"{int(number):05d}"
