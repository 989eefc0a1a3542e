"""The command line.

python -m tinygrad_kr run script.py [args]    run a program that was written for PyTorch, unchanged
python -m tinygrad_kr coverage                which of PyTorch's public names are here
"""

from __future__ import annotations

import argparse
import sys

from . import runner
from .coverage import page, status


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
    coverage = commands.add_parser(
        "coverage",
        help="which of PyTorch's public names are here",
        description="Print, in Markdown, which of PyTorch's names are the same here, differ, or are absent.",
    )
    coverage.add_argument("name", nargs="?", help="one name, such as torch.nn.Linear, instead of all")
    options = parser.parse_args()
    if options.command == "coverage":
        print(": ".join(filter(None, status(options.name))) if options.name else page())
        return 0
    try:
        return runner.run(options.script, options.arguments, as_module=options.as_module, quiet=options.quiet)
    except FileNotFoundError as error:
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
