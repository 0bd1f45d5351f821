"""Worked examples: mappings of a marketplace, an insurer and a till, ready to be changed."""

from importlib.resources import files

NAMES = ("fashion-api", "fashion-csv", "insurer", "till")


def example(name: str) -> str:
    """Give an example as it is written.

    Raises:
        LookupError: there is none of this name.
    """
    if name not in NAMES:
        raise LookupError(name)
    return files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8")
