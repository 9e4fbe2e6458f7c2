"""The words of the reference; the numbers in them are the daemon's own."""

from idiolect.control.access import AUTH, WRONG_PER_SECOND
from idiolect.control.arguments import LONGEST_RAMP
from idiolect.control.brevity import MOST_BYTES
from idiolect.control.clients import (
    DEFAULT_RATE,
    LEASE_S,
    MAX_CLIENTS,
    PLAIN,
    RATES,
    Credit,
)
from idiolect.control.codec import MAX_DEPTH, MAX_ELEMENTS
from idiolect.control.commands import ALLOW_WORK, CHANGE_WORK
from idiolect.control.dispatch import MAX_WORK
from idiolect.control.health import HEALTH
from idiolect.control.pattern import MAX_WILDCARDS
from idiolect.control.promises import PROGRESS_S
from idiolect.control.schedule import BESIDE, FURTHEST_S, MOST_WAITING, MOST_WAITING_EACH
from idiolect.control.system import API, MOST_OF_A_HOST, SYSTEM_COMMANDS
from idiolect.control.telling import GRAIN, METERED
from idiolect.control.warnings import LINES_PER_SECOND
from idiolect.parameters.table import MOST_BUNDLES

__all__ = [
    "BIAS",
    "BUNDLES",
    "DIRT",
    "GUARD",
    "LIMITS",
    "OPENING",
    "PLAYING",
    "PRESETS",
    "TIME",
    "TOLD",
    "VOICE_ANSWERS",
]

OPENING = f"""\
# OSC reference

Written by `idiolect osc` from the tables the daemon obeys; API {API}.

The daemon listens on port 57300 of 127.0.0.1, and of ::1, unless told otherwise: over UDP, and over
TCP. The port above it has WebSockets and OSCQuery: [ways in](control.md). Voices are counted from 1.

## How messages are read

- **Set**: `/voice/1/temperature 0.8`. Any number type will do (`i h f d T F`); floats are rounded
  where whole numbers are wanted. What is out of range is clipped, and answered on the same address
  with what it became: once, until a value in range has come. NaN, infinities, other types and the
  wrong number of arguments are refused.
- **Ramp**: `/voice/1/gain -20 4` takes four seconds. Where the tables name a ramp time, a second
  argument takes its place, {LONGEST_RAMP:g} s at most; it is a straight line, of `gain` in amplitude. Other
  parameters act where the next unit is decided, or at once, and refuse it.
- **From 0 to 1**: every parameter with a curve has a twin below `/norm` that goes from 0 to 1 over
  its range: `/norm/voice/1/temperature 0.5`, `/norm/temperature`, `/norm/gain`. It is set, ramped and
  read as the parameter itself. A `log` curve grows by equal factors (of a range that begins at 0 or
  below, by those of one more than what lies above its beginning); a `db` curve grows with the square
  of the position in amplitude, as SuperCollider's faders do. Changes are told on the parameter's own
  address alone, and a pattern reaches twins only when it begins with `/norm/`.
- **Get**: the same address without arguments; the answer comes on that address, to the sender.
- **Every voice**: `/temperature 0.8` speaks to all, and `/temperature` answers with one value for
  each. `/gain` and `/mute` are the master's; every voice's gain is `/voice/*/gain`.
- **Patterns** are those of OSC 1.0 (`?`, `*`, `[1-4]`, `[!2]`, `{{1,3}}`), and `//` for any number of
  parts: `/voice/{{1,3}}/pan -0.5`, `//gain`. A get answers on each address that fits. Wildcards in
  the last part reach parameters alone: `/voice/1/*` reads a voice and does not cut it.
- **Triggers** are sent alone, with an impulse or nil (`I N`), or with a number that is not 0; 0 is
  the button let go, and does nothing.
- **OSC bundles** are run in order, with nothing in between, and what they change acts at one frame:
  the next, or that of the time tag (see "Time"). What one asks of a voice's plan is one change of it,
  at the earliest place that any of it asks for; of several contexts the last counts.
- Of changes to one continuous parameter that arrive in one burst the last alone counts, and where that
  is a ramp, the value set before it, which is there at once: `/voice/1/gain -90`, `/voice/1/gain 0 4`
  fades in from silence. Steps and commands all count, and nothing overtakes them.
- Only `i`, `f` and `s` are ever sent. Counts begin again at 2^31.

## What is answered

- `/done` s address, then what the table says; or `/fail` s address, s reason. Each command is
  answered exactly once for each voice it was for; answers to a pattern name the addresses it
  reached.
- **Requests with a number**: a command that ends in `id` and a whole number, like `/bundle/load birds
  id 7`, is answered by a `/done` or `/fail` that ends in i 7. So a client that asks for much at once
  knows which answer is which. What is answered otherwise (a get, or on `.reply`) takes no notice of it;
  `/clock` sends it back with the rest.
- Answers to commands that take time come in the order in which these end; `/sync` waits for all of
  the sender's. Loading a bundle is told on the way, to who asked, at most {1 / PROGRESS_S:g} times a second:
  `/progress` s address, s what is done, f how much of the whole was, 0 to 1, and i the number if there
  was one.
- What was asked last holds, though something asked before it took longer: a bundle that is loaded when
  its voices have been told to play another by then is answered with `/fail`, and a preset leaves alone
  what was turned, seeded or allowed since it was asked for.
- Mistakes (no such address, a value that a parameter cannot have, bytes that are not OSC) are answered
  with `/fail` too: each that has a number, and of the others at most 50 a second for each sender; the
  address is `/` where it cannot be read, and of a time tag that makes no sense.
- A client that sent `/notify 1` is told what it asked for (see "What is told"), and `/shutdown`
  s name, s version, i port when the daemon ends. A lease lasts {LEASE_S:g} s; there is room for
  {MAX_CLIENTS}, and {MOST_OF_A_HOST} of one host of another machine. Places that
  `control.announce` names in the settings get `/startup` and `/shutdown` without asking.
- A sender on another machine that has no lease is answered with at most {Credit.FACTOR} bytes for each byte it
  has sent, so that nobody can be flooded with answers to questions somebody else put in their name.
  To read much by patterns from another machine, send `/notify 1` first. Over UDP that can be forged, too:
  who pretends to be a host that the allow-list names can have it told what it did not ask for, for
  {LEASE_S:g} s on {MOST_OF_A_HOST} of its ports. Allow the fewest.
"""

LIMITS = f"""\
## Limits

A packet holds at most {MAX_ELEMENTS} messages, OSC bundles nested {MAX_DEPTH} deep, and asks for at
most {MAX_WORK} things, where each voice a pattern fits is one; what a voice is commanded counts as
{CHANGE_WORK}, and `allow/...` with names or places as {ALLOW_WORK}, since it looks at every unit. A pattern has at most
{MAX_WILDCARDS} wildcards. Senders beyond this machine are heard only when the allow-list names
them; answers go to the sender's own host alone. Connections have [limits of their
own](control.md#limits).
"""


TOLD = f"""\
A client names groups when it sends `/notify`: `/notify 1 0 30 meter grain`, or `all`.

- `state`: every change of a parameter, whoever made it, on that parameter's own address; and
  `/output/state` s name, s state when the way out is lost or there again (see `/output`).
- `meter`, so many times a second as was asked for, {RATES[0]:g} to {RATES[1]:g}, and {DEFAULT_RATE:g} when it was not, one float
  for each address: `/meter/output/{{n}}/peak` and `/rms` of each channel of the output,
  `/meter/voice/{{n}}/peak` and `/rms` of each voice behind its gain, all linear; and of the unit that
  is heard of a voice now `/meter/voice/{{n}}/` {", ".join(METERED)}, where `onset` is 1 in the first
  message after it began and otherwise 0. There are no strings in it, as TouchDesigner's CHOPs want.
- `grain`: every unit, once nothing can take it back any more, which is the planner's margin (10 ms
  unless set otherwise) ahead of its being rendered; it is never retracted. `/grain` comes in an OSC
  bundle whose time tag is when the unit's own first frame is heard: the limiter's and the device's
  delay are in it. Where no device keeps time (a file) the tag is "immediately". Its arguments:
  {", ".join(f"{tag} {name}" + (f" ({doc})" if doc else "") for tag, name, doc in GRAIN)}.
- `health`, once a second, one number for each address below `/health/`:
  {"; ".join(f"`{f.name}` {f.tag}, {f.doc}" for f in HEALTH)}. And `/output/state`, as above.
- `log`: warnings, `/log` s level, s text, at most {LINES_PER_SECOND:g} a second in the long run; what is left out
  is counted.

Except for `state`, what belongs together comes in OSC bundles of at most {MOST_BYTES} bytes. A client that
cannot read those names `{PLAIN}` beside its groups, `/notify 1 4560 30 grain {PLAIN}`: each message then comes
by itself, and no time with a grain.
"""

BIAS = """\
Each descriptor of the bundle has a bias (`idiolect inspect BUNDLE --json` lists them): at
`/voice/1/bias/centroid 1` a voice leans to the bright side of what it might say. Deviations are
those of a normal distribution of the corpus's tokens in the order of that descriptor: a choice as
free as the corpus is led by 1 to where its upper sixth was, by 2 to the last fortieth. Among a
token's units, and for what followed in the corpus, the one expected is moved as far. Where the
language is sure of what comes next, little changes. Biases add up, and -1 leans the other way.
"""

VOICE_ANSWERS = """\
Each but bundle has its short form to every voice (`/cut`, `/seed/unit 12`; for bundle that is
`/bundle/swap`), and answers, once its frame is known, `/done` s address, i voice, i frame, i units,
f seconds: the frame of the engine where it is first heard, how many units it put into the context
(of allow/...: how many of the voice's scale are allowed), and in how many seconds from now that is. A
seed that put units there adds i unit, s source, f start: the last of them, which counts as just
heard, its source, and at how many seconds of it that unit begins.

Each allow/... takes the place of the one before, and acts as a parameter does, at the next boundary
of the voice's scale. What would leave nothing to play is refused, and so is a scale of which nothing
is allowed.

What a seed, a cut or another bundle would do to a voice that is frozen waits until it is not. The
`/done` does not: it says that the command is taken, and its frame is then the present one, at which
nothing of it is heard.
"""

GUARD = f"""\
### The token

Where the daemon was started with a token (`control.token` in the settings, or IDIOLECT_TOKEN in its
environment), these are refused until it was shown:
{", ".join(f"`{c.address}`" for c in SYSTEM_COMMANDS if c.guarded)}, and `/voice/{{n}}/bundle` s name.
`{AUTH}` s token is answered with `/done {AUTH}` f {LEASE_S:g}: for so many seconds they are obeyed of this
sender, that is of one connection, or over UDP of one port of a host; sending it again renews that. A
host may be wrong {WRONG_PER_SECOND:g} times a second. Where there is no token, `{AUTH}` is welcome and changes nothing.
The token is written to no log, and nothing reads it back: of what is sent to `{AUTH}`, or to an address there
is not, the log that `/dump_osc` makes has no arguments. OSC is not encrypted.
"""

PRESETS = """\
### Presets

A preset is a file of the folder `performance.presets`: every parameter, and of each voice the bundle,
what it may play (`allow/...`) and what it goes on from. Loaded, it is one change: block parameters act
at one frame, and what is planned changes once for every voice, at its next boundary. The old state
plays on while bundles are loaded for it. It may come from another machine or be for another bundle: parameters are taken as
far as the voice's bundle has them, in their range; a scale goes by its name; contexts and what was
allowed need a bundle of the same name and size. What is left out is told in words. Commands about
presets are obeyed in the order in which they come; other commands do not wait for them: `/sync`.
"""

TIME = f"""\
## Time

An OSC bundle whose time tag lies ahead acts at its frame: the one the device takes at that time, as it
is with scsynth. A parameter of the block is there to the sample; so is `/voice/{{n}}/cut`, and `run`.
What changes the plan acts at the first decision after it: other parameters at the next boundary of the
voice's scale, a seed, another scale or another bundle at the next of the finest. An OSC bundle inside
another acts at its own time, and not before the one around it. What is only asked, and what concerns
files, is done up to a tenth of a second before.

A parameter reads, and clients are told it, as it acts: with a time tag from that time on. What is set by
hand so shortly before a tagged value of the same parameter that it might act after it (20 ms, 60 where
it changes the plan, and a block) is left out. A voice goes over to its bundles, and what is about one of
them (a seed, a scale, what may be played) acts, in the order in which they were asked for: what comes
without a tag waits for what was tagged before it.

What comes after its time acts at once, is counted, and is answered with `/late` f milliseconds, s
address, at most ten times a second. A tag that lies more than {FURTHEST_S:g} s ahead, or before the year
2000, means at once; a client is told so the first time. {MOST_WAITING_EACH >> 20} MiB of OSC bundles of one client may
wait, and {MOST_WAITING >> 20} of all, each counted as {BESIDE} bytes more than it has. Where more is to act at one moment
than can be done by then, it is done in that order as fast as it goes, what is too late by then as late, and
what others ask is answered in between.

Some clients, TouchDesigner among them, stamp what they send with the time of sending, by a clock of
their own. So by default (`auto`) tags mean "at once" until a client sends the first that lies further
ahead than such clocks explain; from then on it is believed, as with `honour`. That tag may be a plan, or
the time of sending by a clock that is ahead, which nothing can tell apart: so a client of another machine
is told `/time_tags` s `auto`, f seconds by which it lies ahead, and the log is too. Where everything
acts late by as much, set that clock by NTP, or send `/time_tags ignore`. With `ignore` nothing
ever waits. `control.time_tags` is what holds for clients that do not choose with `/time_tags`.
"""

PLAYING = """\
## Playing by hand

`/play unit 12 gain -6` plays a unit of voice 1's scale beside what the voice says, through its gain,
pan and filters; the language goes on as if nothing had been. In an OSC bundle it begins at the sample
its time tag names. Names and values come in pairs, in any order; names that are not in this table are
passed over. What cannot be played is answered with `/fail`, what is played with nothing. A source is
read for 10 s at most. What is played, and OSC bundles that wait for their time, end when the daemon
ends or takes its own place (see `/output`); a restored state or a preset holds none of it.
"""

DIRT = """\
`/dirt/play` takes the words that Tidal and Strudel have for SuperDirt. Without `s` it plays a unit at
random.
"""

BUNDLES = f"""\
## Bundles

Voices play the bundle the daemon was started with until told otherwise; up to {MOST_BUNDLES} can be loaded, from
the folder of that one or from `control.bundles`. Loading takes a moment, and longer where audio has to
be converted to the engine's rate; what plays goes on meanwhile. A name is that of the bundle's folder,
with or without `.idiolect`, and never a path.

A voice that goes over to a bundle leaves the sounding unit with a join. It begins there from an empty
context, free to play everything, in the scale of the same name, or the finest where there is none. Its
other parameters stay, and its bias for every descriptor that the bundle has; a bias that it has no
descriptor for is refused, and one set before is kept for the next bundle that has it. Clients that are
notified are told `/voice/{{n}}/bundle` s name and `/voice/{{n}}/scale`. What scales and descriptors there are
depends on the bundle: `/scale note` is refused as a whole where one voice's bundle has no `note`.
"""
