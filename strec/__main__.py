"""`python -m strec …`: the command line where its script is not on the path."""

from strec.cli import main

if __name__ == "__main__":
    main()
