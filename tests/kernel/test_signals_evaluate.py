"""What a signal may return, and what becomes of anything else (bad inputs 53 to 60)."""

from __future__ import annotations

import os
import signal
import threading
import time

import attrs
import numpy as np
import pytest
from tradewright.errors import PluginError
from tradewright.signals.evaluate import evaluate, opinion, warmup
from tradewright.values.bars import Bars
from tradewright.values.forecast import Forecast
from tradewright.values.history import History
from tradewright.values.instrument import Instrument

N_BARS, N_ASSETS = 4, 2
SHAPE = (N_BARS, N_ASSETS)


def history(traded=None) -> History:
    days = np.datetime64("2024-01-02") + np.arange(N_BARS)
    traded = np.ones(SHAPE, dtype=bool) if traded is None else np.array(traded, dtype=bool)
    close = np.where(traded, 100.0, np.nan)
    instruments = (Instrument(symbol="AAA"), Instrument(symbol="BBB"))
    return History(
        Bars(
            instruments=instruments,
            opened_at=days,
            closed_at=days,
            session=days,
            close=close,
            traded=traded,
        )
    )


class Says:
    """A signal that runs the function given to it."""

    def __init__(self, answer, warmup_bars=0):
        self.answer = answer
        self.warmup_bars = warmup_bars

    def compute(self, view):
        return self.answer(view)


def full(value, shape=SHAPE):
    return np.full(shape, value)


def ask(answer, warmup_bars=0, view=None):
    return evaluate("x", Says(answer, warmup_bars), view or history())


def refusal(answer, warmup_bars=0, view=None) -> PluginError:
    with pytest.raises(PluginError) as found:
        ask(answer, warmup_bars, view)
    return found.value


def test_evaluate_when_the_forecast_is_sound_returns_it_unchanged():
    forecast = Forecast(full(-1.0), full(1.0))

    assert forecast is ask(lambda view: forecast)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "returned NoneType; Forecast wanted"),
        ("buy", "returned str; Forecast wanted"),
        ([0.5], "returned list; Forecast wanted"),
        (full(0.5), "returned ndarray; Forecast wanted"),
        ((full(0.5), full(1.0)), "returned tuple; Forecast wanted"),
    ],
)
def test_evaluate_when_it_is_not_a_forecast_names_the_type(result, message):
    found = refusal(lambda view: result)

    assert ("x.compute", message) == (found.key, found.message)


def test_evaluate_when_compute_is_async_says_so():
    async def compute(view):
        return Forecast(full(0.0), full(0.0))

    assert "returned a coroutine that nothing awaits; Forecast wanted" == refusal(compute).message


@pytest.mark.parametrize(
    ("score", "confidence", "message"),
    [
        (np.nan, 1.0, "score must be in [-1, 1], was nan at (bar, asset) = (0, 0)"),
        (np.inf, 1.0, "score must be in [-1, 1], was inf at (bar, asset) = (0, 0)"),
        (np.nextafter(1.0, 2.0), 1.0, "score must be in [-1, 1], was 1.0000000000000002"),
        (-1.5, 1.0, "score must be in [-1, 1], was -1.5"),
        (0.5, -0.1, "confidence must be in [0, 1], was -0.1"),
        (0.5, np.nextafter(1.0, 2.0), "confidence must be in [0, 1], was 1.0000000000000002"),
        (0.5, np.nan, "confidence must be in [0, 1], was nan"),
    ],
)
def test_evaluate_when_a_value_is_out_of_range_names_value_and_cell(score, confidence, message):
    def writes_later(view):
        """Get around the constructor's check: arrays that own their data can be made writable again."""
        forecast = Forecast(full(0.0), full(0.0))
        for array, value in ((forecast.score, score), (forecast.confidence, confidence)):
            array.setflags(write=True)
            array[:] = value
        return forecast

    found = refusal(lambda view: Forecast(full(score), full(confidence)))

    assert message in found.message
    assert __file__ == found.file
    assert message in refusal(writes_later).message


@pytest.mark.parametrize("shape", [(), (N_BARS,), (N_BARS, 1), (N_BARS - 1, N_ASSETS), (N_BARS, N_ASSETS, 1)])
def test_evaluate_when_the_shape_is_wrong_says_which_was_wanted(shape):
    found = refusal(lambda view: Forecast(full(0.0, shape), full(0.0, shape)))

    wanted = f"shape (n_bars, n_assets) of float64 wanted, was score of shape {shape} for {SHAPE}"
    assert wanted == found.message


def test_evaluate_when_only_confidence_has_the_wrong_shape_names_it():
    found = refusal(lambda view: Forecast(full(0.0), full(0.0, (N_BARS, 1))))

    assert "was confidence of shape (4, 1) for (4, 2)" in found.message


@pytest.mark.parametrize(
    "array",
    [np.full(SHAPE, "up", dtype=object), np.full(SHAPE, 0.5 + 1j), np.full(SHAPE, {}, dtype=object)],
    ids=["text", "complex", "objects"],
)
def test_evaluate_when_the_dtype_is_not_a_number_refuses(array):
    found = refusal(lambda view: Forecast(array, full(1.0)))

    assert "give arrays of float64 to the values of tradewright" == found.fix
    assert __file__ == found.file


def test_evaluate_when_there_are_more_rows_than_bars_calls_it_look_ahead():
    longer = (N_BARS + 1, N_ASSETS)

    found = refusal(lambda view: Forecast(full(0.0, longer), full(0.0, longer)))

    wanted = "look-ahead: score has 5 rows for 4 bars; row 4 is after now=2024-01-05T00:00:00.000000000"
    assert wanted == found.message


def test_evaluate_when_the_signal_raises_names_exception_file_and_line():
    def compute(view):
        return view.bars.close[99]

    found = refusal(compute)

    assert "raised IndexError: index 99 is out of bounds for axis 0 with size 4" == found.message
    assert (__file__, compute.__code__.co_firstlineno + 1) == (found.file, found.line)
    assert isinstance(found.__cause__, IndexError)


def test_evaluate_when_the_signal_leaves_the_program_stays():
    def compute(view):
        raise SystemExit(0)

    assert "raised SystemExit: 0" == refusal(compute).message


def test_evaluate_when_ctrl_c_is_pressed_stops():
    def compute(view):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30.0)  # Nobody waits for it.

    with pytest.raises(KeyboardInterrupt):
        ask(compute)


def test_evaluate_when_the_signal_itself_raises_keyboard_interrupt_goes_on():
    def compute(view):
        raise KeyboardInterrupt

    assert "raised KeyboardInterrupt" == refusal(compute).message


def test_evaluate_when_the_signal_prints_refuses_and_prints_nothing(capsys):
    def compute(view):
        print("buy\x1b[31m " * 1000)  # noqa: T201  # what it is about
        return Forecast(np.zeros(view.bars.close.shape), np.zeros(view.bars.close.shape))

    message = refusal(compute).message

    assert message.startswith("wrote to standard output: buy\\x1b[31m buy")
    assert len(message) < 500
    assert ("", "") == capsys.readouterr()


@pytest.mark.parametrize(("seconds", "late"), [(30.0, False), (None, False), (0.05, True)])
def test_evaluate_when_the_deadline_has_passed_discards_the_answer(seconds, late):
    answered = threading.Event()

    def compute(view):
        if late:
            answered.wait(30.0)
        return Forecast(np.zeros(view.bars.close.shape), np.zeros(view.bars.close.shape))

    try:
        if late:
            with pytest.raises(
                PluginError, match=r"x\.compute: gave no answer within 0\.05 s; a later one is discarded"
            ):
                evaluate("x", Says(compute), history(), seconds)
        else:
            assert isinstance(evaluate("x", Says(compute), history(), seconds), Forecast)
    finally:
        answered.set()


def test_evaluate_when_the_input_is_written_to_says_so_and_nothing_changed():
    view = history()

    def compute(seen):
        seen.bars.close[0, 0] = 1.0

    assert "wrote to its input, which is read-only" == refusal(compute, view=view).message
    assert view == history()


def test_evaluate_when_a_field_of_the_input_is_replaced_refuses():
    def compute(view):
        view.bars = None

    found = refusal(compute)

    assert found.message.startswith("raised FrozenInstanceError")
    assert isinstance(found.__cause__, attrs.exceptions.FrozenInstanceError)


# ---- warm-up ---------------------------------------------------------------------------------------------


def from_row(row):
    forecast = np.zeros(SHAPE)
    forecast[row:, 1] = -0.5
    return lambda view: Forecast(forecast, np.abs(forecast))


@pytest.mark.parametrize("warmup_bars", [0, 1, 2])
def test_evaluate_when_opinions_start_after_the_warm_up_accepts(warmup_bars):
    assert -0.5 == ask(from_row(2), warmup_bars).score[2, 1]


@pytest.mark.parametrize("warmup_bars", [3, 4, 99])
def test_evaluate_when_an_opinion_stands_in_the_warm_up_names_it(warmup_bars):
    found = refusal(from_row(2), warmup_bars)

    wanted = f"must have no opinion in its first warmup_bars={warmup_bars} rows, was -0.5 at (bar, asset) = (2, 1)"
    assert (wanted, "declare warmup_bars <= 2, or return confidence 0 there") == (found.message, found.fix)


def test_evaluate_when_warm_up_scores_have_no_confidence_accepts():
    forecast = ask(lambda view: Forecast(full(1.0), full(0.0)), warmup_bars=N_BARS)

    assert not opinion(forecast).any()


@pytest.mark.parametrize("warmup_bars", [-1, 1.5, True, None, "20"])
def test_evaluate_when_warmup_bars_is_not_a_count_refuses(warmup_bars):
    found = refusal(lambda view: Forecast(full(0.0), full(0.0)), warmup_bars)

    assert f"warmup_bars must be a count of bars >= 0, was {warmup_bars!r}" == found.message


def test_evaluate_when_warmup_bars_is_not_declared_refuses():
    class Silent:
        def compute(self, view):
            return Forecast(full(0.0), full(0.0))

    with pytest.raises(PluginError, match="'Silent' object has no attribute 'warmup_bars'"):
        evaluate("x", Silent(), history())


# ---- assets that do not exist yet ------------------------------------------------------------------------


def test_evaluate_when_an_asset_has_no_bar_yet_takes_its_opinion_away():
    view = history([[1, 0], [1, 0], [1, 1], [1, 0]])

    forecast = ask(lambda seen: Forecast(full(1.0), full(0.5)), view=view)

    assert [[1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [1.0, 1.0]] == forecast.score.tolist()
    assert [[0.5, 0.0], [0.5, 0.0], [0.5, 0.5], [0.5, 0.5]] == forecast.confidence.tolist()


def test_evaluate_when_there_are_no_bars_accepts_an_empty_forecast():
    view = History(history().bars.until(0))

    forecast = ask(lambda seen: Forecast(np.zeros((0, 2)), np.zeros((0, 2))), warmup_bars=5, view=view)

    assert (0, 2) == forecast.score.shape


def test_opinion_when_given_a_forecast_is_confidence_times_score():
    assert [[-0.25]] == opinion(Forecast([[-0.5]], [[0.5]])).tolist()


# ---- what counts as a number -----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "uint8", "bool"])
def test_evaluate_when_the_dtype_is_a_number_takes_it(dtype):
    forecast = ask(lambda view: Forecast(full(1.0).astype(dtype), full(1.0)))

    assert ("float64", 1.0) == (forecast.score.dtype, forecast.score[0, 0])


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (full(0.5).astype(object), "object"),
        (full(0.5).astype(str), "<U32"),
        (full(0.5).astype(bytes), "|S32"),
        (full(0.5).astype(complex), "complex128"),
        (full(1).astype("timedelta64[D]"), "timedelta64[D]"),
        ([[0.5, None]] * N_BARS, "object"),
    ],
    ids=["objects", "text", "bytes", "complex", "durations", "none"],
)
@pytest.mark.parametrize("part", ["score", "confidence"])
def test_evaluate_when_the_dtype_is_no_number_names_it_even_where_numpy_could_convert(part, values, dtype):
    def compute(view):
        return Forecast(**{"score": full(0.5), "confidence": full(0.5), part: values})

    found = refusal(compute)

    wanted = f"raised ValueError: shape (n_bars, n_assets) of float64 wanted, was of dtype {dtype}"
    assert (wanted, "give arrays of float64 to the values of tradewright") == (found.message, found.fix)
    assert (__file__, compute.__code__.co_firstlineno + 1) == (found.file, found.line)


# ---- how far a signal looks back -------------------------------------------------------------------------


class Waits:
    """A signal whose warm-up is whatever the test says, or takes its time."""

    def __init__(self, warmup_bars, pause=0.0):
        self._answer, self._pause = warmup_bars, pause

    @property
    def warmup_bars(self):
        time.sleep(self._pause)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize("rows", [0, 1, 250])
def test_warmup_is_what_the_signal_says(rows):
    assert rows == warmup("x", Waits(rows))


@pytest.mark.parametrize("answer", [RuntimeError("lost"), AttributeError("lost"), None, "250", 2.5, np.float64(3)])
def test_warmup_when_the_signal_cannot_say_is_none(answer):
    assert None is warmup("x", Waits(answer))


def test_warmup_when_it_is_not_declared_is_none():
    class Silent:
        pass

    assert None is warmup("x", Silent())


@pytest.mark.parametrize(("pause", "expected"), [(0.0, 7), (0.2, None)])
def test_warmup_when_the_deadline_has_passed_is_none(pause, expected):
    assert expected == warmup("x", Waits(7, pause), 0.1)
