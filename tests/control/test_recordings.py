"""What is heard is recorded when a message says so."""

from idiolect.control import ControlServer
from recording import RecordingPlayer, Take, Tape, Wire


def test_a_recording_begins_and_ends_with_an_answer_each(wire: Wire) -> None:
    assert wire.ask("/record/state") == ("/record/state", "idle", "", 0.0, 0)
    assert wire.ask("/record/start", "a.wav") == ("/done", "/record/start", "a.wav")
    assert wire.ask("/record/state") == ("/record/state", "recording", "a.wav", 0.0, 0)
    assert wire.ask("/record/stop") == ("/done", "/record/stop", "a.wav", 1.5, 7)
    assert wire.ask("/record/state") == ("/record/state", "idle", "a.wav", 1.5, 7)
    assert wire.settle() == []


def test_what_cannot_be_recorded_is_answered_with_the_reason(wire: Wire) -> None:
    assert wire.ask("/record/stop")[:2] == ("/fail", "/record/stop")
    assert wire.ask("/record/start")[:2] == ("/fail", "/record/start")
    assert wire.ask("/record/start", 1)[:2] == ("/fail", "/record/start")
    wire.ask("/record/start", "a.wav")
    assert wire.ask("/record/start", "b.wav")[:2] == ("/fail", "/record/start")


def test_those_who_listen_are_told_of_every_change(wire: Wire, tape: Tape) -> None:
    wire.ask("/notify", 1)
    wire.send("/record/start", "a.wav")
    assert sorted([wire.receive()[0], wire.receive()[0]]) == ["/done", "/record/state"]
    tape.end(Take("a.wav", 3.0, 0, "the disk is full"))
    assert wire.receive() == ("/record/state", "failed", "a.wav", 3.0, 0)


def test_a_file_that_is_not_whole_is_no_success(wire: Wire, tape: Tape) -> None:
    wire.ask("/record/start", "a.wav")
    tape.stop = lambda: (tape.end(Take("a.wav", 3.0, 0, "the disk is full")), tape.done)[1]  # type: ignore[method-assign]
    answer = wire.ask("/record/stop")
    assert answer[:2] == ("/fail", "/record/stop")
    assert "3.0 s" in answer[2]
    assert "the disk is full" in answer[2]


def test_a_pressed_button_let_go_stops_nothing(wire: Wire, tape: Tape) -> None:
    wire.ask("/record/start", "a.wav")
    wire.send("/record/stop", 0)
    assert wire.settle() == []
    assert tape.running


def test_without_a_recorder_it_says_so(player: RecordingPlayer) -> None:
    server = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: None)
    server.start()
    wire = Wire(server.address[1])
    assert wire.ask("/record/start", "a.wav")[0] == "/fail"
    wire.socket.close()
    server.stop()
