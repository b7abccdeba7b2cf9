"""``python -m rehub``, and what the ``rehub`` command runs."""

import sys


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    from rehub.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
