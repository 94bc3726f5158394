"""`python -m tsifra` is `tsifra`."""

from tsifra.cli import main

if __name__ == "__main__":
    main()
