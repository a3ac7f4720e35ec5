"""What target rules and order checks have in common: functions of plain views, compiled into the engine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
import pytest

from tradewright.errors import PluginError, TradewrightError
from tradewright.host.fence import fence
from tradewright.signals.features import check_features
from tradewright.testing.comparison import described
from tradewright.testing.contract import ComponentContract
from tradewright.testing.markets import market
from tradewright.testing.situations import N_ASSETS, NAN, TARGETS, VIEWS, own, same
from tradewright.testing.wording import broken, refused
from tradewright.values.instrument import Instrument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tradewright.risk.contract import OrderCheck, TargetRule
    from tradewright.values.bars import Bars

ACTS = {"cap": (False, False, True), "floor": (True, False, False), "trigger": (False, True, True)}
"""Whether a limit acts just below it, at it and just above it."""

ALLOWED = {"cap": "<=", "floor": ">=", "trigger": "<"}
N_DRAWS = 300


@attrs.frozen(kw_only=True)
class Edge:
    """A limit, and how to bring what is compared with it to a value.

    Attributes:
        limit: The value of the limit.
        at: Returns the situation in which the compared number is `value`: fields of the views by name, and `features`
            (one number each), `target` and `held` (arrays, for a sides rule), `matrices` or `memory`.
        kind: A `cap` allows up to its limit, a `floor` from its limit on; a `trigger` fires from its limit on.
        step: How far the values just below and just above are, for a number that is computed from others and cannot
            be set to the last digit; None for the next floating-point number.
    """

    limit: float
    at: Callable[[float], Mapping[str, Any]]
    kind: Literal["cap", "floor", "trigger"] = "cap"
    step: float | None = None

    def around(self) -> tuple[float, float, float]:
        """Return a value just below the limit, the limit, and one just above.

        >>> Edge(limit=0.3, at=dict, step=0.01).around()
        (0.29, 0.3, 0.31)
        """
        if self.step is not None:
            return self.limit - self.step, self.limit, self.limit + self.step
        return math.nextafter(self.limit, -math.inf), self.limit, math.nextafter(self.limit, math.inf)


class RuleContract(ComponentContract):
    """Tests of any rule.

    Attributes:
        compiles: False for a rule that numba cannot compile; the whole loop then runs interpreted.
        features: Ordinary values of the features that it asks for, in order; 1 each when empty.
        cuts_each: Cuts of each kind that the causality gate makes; fewer for features that take seconds.
    """

    compiles: ClassVar[bool] = True
    features: ClassVar[tuple[float, ...]] = ()
    cuts_each: ClassVar[int] = 6

    def edges(self) -> Iterator[Edge]:
        """Yield every limit of `component()`."""
        yield from ()

    def acts(self, answer: Any, arguments: tuple[Any, ...]) -> bool:
        """Say whether an answer takes anything away from what was asked."""
        raise NotImplementedError

    def answer(self) -> bytes:
        """Return the answers to random situations."""
        rule = self.component()
        return np.array([self._plain(self.asked(rule, given)) for given in self._draws(rule)], dtype=float).tobytes()

    # ---- limits -----------------------------------------------------------------------------------------------

    def test_limits_hold_at_just_below_and_just_above(self) -> None:
        """A cap and a floor allow equality, a trigger fires at it."""
        edges = list(self.edges())
        if not edges:
            fix = 'override edges(): yield Edge(limit=0.3, at=lambda value: {"target": value})'
            raise broken(expected="at least one limit to test", found="`edges()` yields none", fix=fix)
        for edge in edges:
            for value, wanted in zip(edge.around(), ACTS[edge.kind], strict=True):
                if self._acts_at(edge, value) is not wanted:
                    says, said = ("acts", "allows") if wanted else ("allows", "acts")
                    fix = f"write `if value {ALLOWED[edge.kind]} limit: allow`, without rounding or slack"
                    expected = f"a {edge.kind} of {edge.limit!r} that {says} at {value!r}"
                    raise broken(expected=expected, found=f"it {said} at {edge.at(value)}", fix=fix)

    def test_not_a_number_is_no_permission(self) -> None:
        """Where what is compared is unknown, the safe thing is done: refuse, cut or halt."""
        for edge in self.edges():
            if not self._acts_at(edge, NAN):
                fix = "write the comparison so that NaN fails it: `if value <= limit: allow`, then act"
                raise broken(expected=f"it to act at {edge.at(NAN)}", found="it allows", fix=fix)

    def _acts_at(self, edge: Edge, value: float) -> bool:
        rule = self.component()
        given = self.arguments(rule, edge.at(value))
        return self.acts(self.asked(rule, given), given)

    # ---- memory -----------------------------------------------------------------------------------------------

    def test_order_of_asking_does_not_matter(self) -> None:
        """Assets and rules are asked in any order: an answer depends on its arguments alone."""
        rule = self.component()
        asked = list(self._draws(rule))
        forth = [self._plain(self.asked(rule, own(given))) for given in asked]
        back = [self._plain(self.asked(rule, own(given))) for given in reversed(asked)]
        for given, one, other in zip(asked, forth, reversed(back), strict=True):
            if not same(one, other):
                fix = "keep nothing in globals or attributes; ask for `memory` on the rule"
                raise broken(
                    expected=f"{one} for {given} in any order of asking", found=f"{other} in another one", fix=fix
                )

    # ---- causality --------------------------------------------------------------------------------------------

    def bars(self) -> Bars:
        """Return the prices on which the features are asked: random walks, longer than the longest window."""
        rule = self.component()
        longest = max((feature.window for feature in (*rule.features, *rule.matrices)), default=0)
        bars = market(2 * longest + 240, 3, gaps=True)
        # Symbols that no other test has: what a module remembers by symbol has seen none of these bars.
        names = ("LOOK", "AHEAD", "NEVER")
        return attrs.evolve(bars, instruments=tuple(Instrument(symbol=name) for name in names))

    def test_features_do_not_look_ahead(self) -> None:
        """No number that the rule asks for changes when the bars after it do."""
        rule = self.component()
        if not (rule.features or rule.matrices):
            pytest.skip("it asks for no features: it sees no prices")
        try:
            verdict = check_features(self.spec().name, rule, self.bars(), each=self.cuts_each)
        except TradewrightError as error:
            fix = "mend what it raises, or let `bars()` return prices that have what it needs"
            raise refused(error, expected="numbers on every cut history", fix=fix) from error
        if verdict.cause is not None:
            wanted = "every number to stay as it was with other bars after it"
            raise broken(
                expected=wanted, found=f"{described(verdict.first)}; {verdict.cause.text}", fix=verdict.cause.fix
            )

    # ---- compiled and fused -----------------------------------------------------------------------------------

    def test_compiled_it_answers_as_interpreted(self) -> None:
        """The machine code gives the very numbers that Python gives."""
        self._needs_compiler()
        from tradewright.testing import loops  # noqa: PLC0415  # numba, 0.7 s that other kinds need not pay

        rule = self.component()
        function = loops.compiled(self.spec().name, rule)
        for given in self._draws(rule):
            expected, found = self._plain(self.asked(rule, own(given))), self._plain(function(*own(given)))
            if not same(expected, found):
                fix = "keep to float64 and to integers below 2**63, and guard divisions by 0"
                raise broken(expected=f"{expected} for {given}, as interpreted", found=f"{found} compiled", fix=fix)

    def test_fused_into_the_engine_it_trades_as_interpreted(self) -> None:
        """A market traded by the compiled loop with the rule in it leaves the same bytes as the interpreted one."""
        self._needs_compiler()
        from tradewright.testing import loops  # noqa: PLC0415  # numba, 0.7 s that other kinds need not pay

        try:
            same, what = loops.fused_as_interpreted(self.spec().name, self.component())
        except (PluginError, ImportError, AttributeError) as error:
            fix = "make the function a plain `def` at module level, without decorators"
            raise broken(expected="the rule to be fused into the engine", found=str(error), fix=fix) from error
        if not same:
            fix = "let the rule be a module-level function that reads no variable which changes"
            raise broken(
                expected="equal bytes from the compiled and the interpreted loop", found=f"{what} differ", fix=fix
            )

    def _needs_compiler(self) -> None:
        if not self.compiles:
            pytest.skip("compiles = False: the loop runs interpreted")
        from tradewright.engine.jit import COMPILING  # noqa: PLC0415  # numba, 0.7 s that other kinds need not pay

        if not COMPILING:
            pytest.skip("NUMBA_DISABLE_JIT is set: nothing is compiled")

    def asked(self, rule: TargetRule | OrderCheck, given: tuple[Any, ...]) -> Any:
        """Return the interpreted answer to a situation."""
        try:
            with fence(self.spec().name, rule.function):
                return rule.function(*given)
        except PluginError as error:
            fix = "guard divisions by 0 and missing numbers: a rule always answers"
            raise refused(error, expected=f"an answer to {given}", fix=fix) from error

    # ---- situations -------------------------------------------------------------------------------------------

    def arguments(self, rule: TargetRule | OrderCheck, changes: Mapping[str, Any] | None = None) -> tuple[Any, ...]:
        """Return what the rule's function is called with in an ordinary situation with some changes."""
        given = dict(changes or {})
        arrays = {name: given.pop(name, TARGETS) for name in ("target", "held")} if rule.phase == "sides" else {}
        features = given.pop("features", self.features or (1.0,) * len(rule.features))
        matrices = given.pop("matrices", (np.eye(N_ASSETS),) * len(rule.matrices))
        memory = given.pop("memory", np.full(rule.memory, NAN))
        views = []
        for view in VIEWS[rule.phase]:
            named = {name: given.pop(name) for name in view._fields if name in given}
            views.append(view._replace(**named))
        if given:
            known = ", ".join(name for view in VIEWS[rule.phase] for name in view._fields)
            fix = f"known here: {known}, features, matrices, memory"
            raise broken(expected="situations made of the views' fields", found=", ".join(given), fix=fix)
        if rule.phase == "sides":
            features = tuple(np.full(N_ASSETS, one) if np.ndim(one) == 0 else np.asarray(one) for one in features)
        before = tuple(np.array(array, dtype=float) for array in arrays.values())
        remembered = (np.array(memory, dtype=float),) if rule.memory else ()
        return (*before, *views, rule.parameters, *features, *matrices, *remembered)

    def _draws(self, rule: TargetRule | OrderCheck) -> Iterator[tuple[Any, ...]]:
        """Yield random situations, ordinary and odd ones."""
        random = np.random.default_rng(0)
        for _ in range(N_DRAWS):
            yield self.arguments(rule, self.drawn(random, rule))

    def drawn(self, random: np.random.Generator, rule: TargetRule | OrderCheck) -> dict[str, Any]:
        """Return one random situation."""
        usual = self.features or (1.0,) * len(rule.features)
        return {"features": tuple(float(one * random.lognormal(0.0, 1.0)) for one in usual)}

    def _plain(self, answer: Any) -> tuple[float, ...]:
        """Return an answer as numbers."""
        return tuple(float(part) for part in (answer if isinstance(answer, tuple) else (answer,)))
