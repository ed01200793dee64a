"""How much one template may take. What passes a limit is refused with a message, on a slow machine as on a quick one:
steps and sizes are counted, the clock is only the last resort."""

from dataclasses import dataclass

# Characters of a template; the largest built-in layout has a twentieth of it.
LARGEST_TEMPLATE = 200_000
# Characters of blanks in a row; more of them make the lexer slow, and nobody reads them.
LONGEST_BLANK = 1_000
# Of any value that a filter makes: characters of a text, and of all texts of a list together; rows of a list.
LONGEST_TEXT = 200_000
LONGEST_LIST = 10_000
LARGEST_NUMBER = 10**18
DEEPEST_NESTING = 30


@dataclass(frozen=True)
class Limits:
    """Of one rendering. A step is a piece of text, an output or a tag that is passed once."""

    steps: int
    output_bytes: int
    cpu_seconds: float


# Mail texts are made inside a request.
MAIL = Limits(steps=60_000, output_bytes=500_000, cpu_seconds=0.6)
# A template is tried with the sample while its author waits.
TRIAL = Limits(steps=100_000, output_bytes=2_000_000, cpu_seconds=1.5)
# Papers are made in a process of their own.
PAPER = Limits(steps=1_000_000, output_bytes=8_000_000, cpu_seconds=10.0)
