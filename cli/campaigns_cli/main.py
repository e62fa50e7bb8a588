"""Where `campaigns` begins."""

import sys


def main() -> None:
    """Runs the program. It takes a moment to load, and Ctrl-C ends that as quietly as the rest."""
    try:
        from campaigns_cli.program import run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
