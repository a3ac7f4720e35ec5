"""What fills the generated parts of the documents.

A part stands between `[[[cog ... ]]]` and `[[[end]]]` in a comment of its page; `make reference` fills every one of
them anew.  Each function here returns Markdown, made from what the code says of itself.
"""

from generator.commands import command
from generator.components import keys, options, parts
from generator.interface import entries, errors, hooks, measures, names, public
from generator.orders import transitions
from generator.records import records

__all__ = [
    "command",
    "entries",
    "errors",
    "hooks",
    "keys",
    "measures",
    "names",
    "options",
    "parts",
    "public",
    "records",
    "transitions",
]
