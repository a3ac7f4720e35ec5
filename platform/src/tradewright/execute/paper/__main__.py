"""`python -m tradewright.execute.paper FOLDER` keeps the paper venue of a folder, until it is ended."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tradewright.errors import TradewrightError
from tradewright.execute.paper.place import Place
from tradewright.execute.paper.server import serve


def main() -> int:
    """Keep the venue, and say in one line why it could not be."""
    parser = argparse.ArgumentParser(prog="python -m tradewright.execute.paper", description=__doc__)
    parser.add_argument("folder", type=Path, help="where its journal lies")
    try:
        serve(Place(parser.parse_args().folder))
    except TradewrightError as error:
        sys.stderr.write(f"{error}\n{error.fix or ''}\n")
        return error.exit_code
    except OSError as error:
        sys.stderr.write(f"the paper venue's files must be readable and writable: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
