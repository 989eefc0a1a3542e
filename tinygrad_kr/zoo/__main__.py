"""The zoo on the command line.

python -m tinygrad_kr.zoo list              all models with their figures
python -m tinygrad_kr.zoo test NAME ...     measure some again, or all
python -m tinygrad_kr.zoo train NAME ...    train them again and write their files
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from .catalogue import entry, load, names
from .training import measure, train_model


def main(given: Sequence[str] | None = None) -> None:
    """Parse the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m tinygrad_kr.zoo", description="Small trained models.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="all models, their parameters and figures on the test part")
    test = commands.add_parser("test", help="measure models again")
    test.add_argument("names", nargs="*", metavar="NAME", help="all if none is given")
    train = commands.add_parser("train", help="train models again and write their files")
    train.add_argument("names", nargs="+", metavar="NAME")
    train.add_argument("--out", type=Path, help="a folder for the files, in place of the package's own")
    train.add_argument("--epochs", type=int, help="how long, in place of the recipe's")
    train.add_argument("--examples", type=int, help="on how many pictures, in place of all")
    train.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(given)
    try:
        for name in getattr(options, "names", None) or names():
            found = entry(name)
            if options.command == "list":
                size = sum(one.numel() for one in found.build().parameters())
                print(f"{name:<20} {size:>7,} parameters  {found.figure} {found.result:.4f}")
            elif options.command == "test":
                print(
                    f"{name:<20} {found.figure} {measure(load(name), name):.4f} ({found.result:.4f} stated)"
                )
            else:
                path = found.path if options.out is None else options.out / found.path.name
                result = train_model(
                    name, path, epochs=options.epochs, examples=options.examples, seed=options.seed
                )
                print(f"{name:<20} {found.figure} {result:.4f} ({found.result:.4f} stated)  {path}")
    except (ValueError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
