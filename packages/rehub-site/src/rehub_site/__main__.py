"""The command ``rehub-site``: parses, calls one verb, prints."""

import click

from rehub_site._version import __version__


@click.group(no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rehub-site", message="%(prog)s %(version)s")
def main() -> None:
    """Run a hub for models: take submissions, check them, show them, run their claims again.

    \b
    Example:
      rehub-site --version
    """  # noqa: D301 -- click reads \b as "keep the lines of this paragraph"


if __name__ == "__main__":
    main(prog_name="rehub-site")
