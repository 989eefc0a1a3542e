"""The command line: `python -m tinygrad_kr run script.py [args]`."""

from __future__ import annotations

import argparse
import sys

from . import runner


def main() -> int:
    """Parse the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m tinygrad_kr", description="A PyTorch in pure NumPy.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run",
        help="run a program that was written for PyTorch, unchanged",
        description="Run a program in which `import torch` means tinygrad_kr, for this process only.",
    )
    run.add_argument("-m", dest="as_module", action="store_true", help="what follows is a module, not a file")
    run.add_argument("-q", "--quiet", action="store_true", help="do not list the names used at the end")
    run.add_argument("script")
    run.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    try:
        return runner.run(options.script, options.arguments, as_module=options.as_module, quiet=options.quiet)
    except FileNotFoundError as error:
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
