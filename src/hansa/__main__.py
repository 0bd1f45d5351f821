"""`python -m hansa`, the same as the command `hansa`."""

from hansa.cli import main

if __name__ == "__main__":
    main()
