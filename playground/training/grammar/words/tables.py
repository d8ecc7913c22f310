"""Tables written as text: one row a line, cells parted by ``|``, lists in a cell by commas."""


def rows(text: str) -> list[tuple[str, ...]]:
    """The cells of each line that is not blank, stripped."""
    return [tuple(cell.strip() for cell in line.split("|")) for line in text.splitlines() if line.strip()]


def parts(cell: str) -> tuple[str, ...]:
    """The items of a cell, split at commas."""
    return tuple(item.strip() for item in cell.split(",") if item.strip())


def lines(text: str) -> tuple[str, ...]:
    """The lines that are not blank, stripped."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def words(text: str) -> tuple[str, ...]:
    """The words of a text, split at white space."""
    return tuple(text.split())
