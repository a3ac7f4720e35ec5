"""How a data source is asked for prices: the request, and the workspace that it reads from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tradewright.data.quality import check
from tradewright.errors import ConfigError, DataError, PluginError, UsageError
from tradewright.host.fence import ask, expect
from tradewright.sessions import all_sessions, cache_folder
from tradewright.testing import folders
from tradewright.testing.contract import ComponentContract
from tradewright.testing.wording import broken, refused
from tradewright.values.bars import Adjustment, Bars
from tradewright.values.request import DataRequest

if TYPE_CHECKING:
    from pathlib import Path

    from tradewright.data.findings import Finding
    from tradewright.host.components import DataSource
    from tradewright.sessions import Sessions

ERRORS = (ConfigError, DataError, PluginError, UsageError)
_WORKSPACES: dict[type, Path] = {}
"""The workspace of each contract class, kept so that its calendar is computed once."""


class AskedSource(ComponentContract):
    """What an author says of a data source so that it can be asked.

    Attributes:
        symbols: Symbols that it has, two where it can.
        bar: A length of bars that it has.
        calendar: The exchange calendar of the symbols.
        adjustment: What it folds into prices.
    """

    symbols: ClassVar[tuple[str, ...]]
    bar: ClassVar[str] = "1d"
    calendar: ClassVar[str] = "XNYS"
    adjustment: ClassVar[Adjustment] = "none"

    @property
    def workspace(self) -> Path:
        """The folder of plugins.toml, where relative paths start."""
        if type(self) not in _WORKSPACES:
            _WORKSPACES[type(self)] = folders.temporary()
            self.prepare(_WORKSPACES[type(self)])
        return _WORKSPACES[type(self)]

    def prepare(self, workspace: Path) -> None:
        """Put into the workspace what the source reads; called once."""

    def request(self, **asked: Any) -> DataRequest:
        """Return an ordinary request with some parts replaced."""
        if not getattr(self, "symbols", ()):
            fix = 'write symbols = ("AAA", "BBB") in the contract class'
            raise broken(expected="symbols to ask for", found="none", fix=fix)
        usual = {"symbols": self.symbols, "bar": self.bar, "calendar": self.calendar, "adjustment": self.adjustment}
        return DataRequest(**{**usual, "workspace": self.workspace, **asked})

    def _bars(self, **asked: Any) -> Bars:
        try:
            return self._asked(self.component(), **asked)
        except ERRORS as error:
            wanted = f"bars of {', '.join(self.request(**asked).symbols)}"
            raise refused(error, expected=wanted, fix="mend what it raises") from error

    def _asked(self, source: DataSource, **asked: Any) -> Bars:
        request, key = self.request(**asked), f"{self.spec().name}.history"
        letting = (ConfigError, DataError, UsageError)
        return expect(key, ask(key, source, lambda: source.history(request), None, letting=letting), Bars)

    def _sessions(self) -> Sessions:
        return all_sessions(self.calendar, cache=cache_folder(self.workspace))

    def _findings(self, bars: Bars) -> tuple[Finding, ...]:
        return check(bars, self._sessions())
